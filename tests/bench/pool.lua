-- Sends one request after another out of a pool, so that no cache sees a single token only.
-- BENCH_POOL names a file with a line for each request: the Authorization header, a tab, the body ("" for GET).
local requests, next_one = {}, 0

function init(args)
  for line in io.lines(os.getenv("BENCH_POOL")) do
    local authorization, body = line:match("^(.-)\t(.*)$")
    local headers = {}
    if authorization ~= "" then headers["Authorization"] = authorization end
    if body ~= "" then headers["Content-Type"] = "application/x-www-form-urlencoded" end
    requests[#requests + 1] = wrk.format(body == "" and "GET" or "POST", nil, headers, body ~= "" and body or nil)
  end
end

function request()
  next_one = next_one % #requests + 1
  return requests[next_one]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("BENCH %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
