// Tells the app that frames this page whether the session is still the one that its session_state stands for
// (OpenID Connect Session Management 3.2). See idp/authorize/session_state.py for the other half of the hash.
//
// SHA-256 is written out (FIPS 180-4), because browsers offer theirs to https pages in https pages only, and in
// promises; the answer to a message has to be there at once. It is written in the plainest JavaScript that there is:
// whatever runs an app's frame has to run this one.

const FRACTIONS = (power, count) => {
  const found = [];
  for (let candidate = 2; found.length < count; candidate += 1) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor += 1) {
      isPrime = isPrime && candidate % divisor !== 0;
    }
    if (isPrime) {
      const root = candidate ** power;
      found.push(((root - Math.floor(root)) * 2 ** 32) | 0);
    }
  }
  return found;
};
const START = FRACTIONS(1 / 2, 8);
const ROUNDS = FRACTIONS(1 / 3, 64);

const turned = (word, by) => (word >>> by) | (word << (32 - by));

function padded(text) {
  const bytes = new TextEncoder().encode(text);
  const block = new Uint8Array((Math.floor((bytes.length + 8) / 64) + 1) * 64);
  block.set(bytes);
  block[bytes.length] = 0x80;
  new DataView(block.buffer).setUint32(block.length - 4, bytes.length * 8);
  return new DataView(block.buffer);
}

function schedule(block, offset) {
  const words = [];
  for (let index = 0; index < 16; index += 1) {
    words.push(block.getUint32(offset + index * 4) | 0);
  }
  for (let index = 16; index < 64; index += 1) {
    const near = words[index - 2];
    const far = words[index - 15];
    const one = turned(near, 17) ^ turned(near, 19) ^ (near >>> 10);
    const zero = turned(far, 7) ^ turned(far, 18) ^ (far >>> 3);
    words.push((one + words[index - 7] + zero + words[index - 16]) | 0);
  }
  return words;
}

// The eight working variables a to h of FIPS 180-4 6.2.2, in that order.
function nextRound(was, added) {
  const one = turned(was[4], 6) ^ turned(was[4], 11) ^ turned(was[4], 25);
  const first = (was[7] + one + ((was[4] & was[5]) ^ (~was[4] & was[6])) + added) | 0;
  const zero = turned(was[0], 2) ^ turned(was[0], 13) ^ turned(was[0], 22);
  const second = (zero + ((was[0] & was[1]) ^ (was[0] & was[2]) ^ (was[1] & was[2]))) | 0;
  return [(first + second) | 0, was[0], was[1], was[2], (was[3] + first) | 0, was[4], was[5], was[6]];
}

function sha256(text) {
  const block = padded(text);
  let state = START;
  for (let offset = 0; offset < block.byteLength; offset += 64) {
    const words = schedule(block, offset);
    let working = state;
    for (let index = 0; index < 64; index += 1) {
      working = nextRound(working, ROUNDS[index] + words[index]);
    }
    const added = working;
    state = state.map((word, index) => (word + added[index]) | 0);
  }
  return state.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

function browserState() {
  const name = `${document.documentElement.getAttribute("data-cookie")}=`;
  const cookie = document.cookie.split("; ").find((entry) => entry.startsWith(name));
  return cookie === undefined ? "" : cookie.slice(name.length);
}

function answer(message, origin) {
  const parts = typeof message === "string" ? /^(.+) ([0-9a-f]{64})\.([\w-]+)$/.exec(message) : null;
  if (parts === null) {
    return "error";
  }
  const expected = sha256(`${parts[1]} ${origin} ${browserState()} ${parts[3]}`);
  return expected === parts[2] ? "unchanged" : "changed";
}

window.addEventListener("message", (event) => {
  if (event.source !== null && event.source !== window) {
    event.source.postMessage(answer(event.data, event.origin), event.origin);
  }
});
