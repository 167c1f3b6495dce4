-- Refreshes: each answer's new refresh token goes back into the pool, so that every request rotates a live one.
-- BENCH_POOL names a file with a line for each family: the Authorization header, a tab, its refresh token.
local tokens, first, last, authorization = {}, 1, 0, nil

function init(args)
  for line in io.lines(os.getenv("BENCH_POOL")) do
    local header, token = line:match("^(.-)\t(.*)$")
    authorization = header
    last = last + 1
    tokens[last] = token
  end
end

function request()
  local token = tokens[first]
  tokens[first] = nil
  first = first + 1
  return wrk.format("POST", nil,
    { ["Authorization"] = authorization, ["Content-Type"] = "application/x-www-form-urlencoded" },
    "grant_type=refresh_token&refresh_token=" .. token)
end

function response(status, headers, body)
  local token = body:match('"refresh_token":"([^"]+)"')
  if token then
    last = last + 1
    tokens[last] = token
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("BENCH %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
