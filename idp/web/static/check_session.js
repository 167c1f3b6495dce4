// Tells the app that frames this page whether the session is still the one that its session_state stands for
// (OpenID Connect Session Management 3.2). See idp/authorize/session_state.py for the other half of the hash.
//
// SHA-256 is written out (FIPS 180-4), because browsers offer theirs to https pages in https pages only, and in
// promises; the answer to a message has to be there at once.

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
  for (let index = 0; index < 64; index += 1) {
    if (index < 16) {
      words.push(block.getUint32(offset + index * 4) | 0);
    } else {
      const [near, far] = [words[index - 2], words[index - 15]];
      const one = turned(near, 17) ^ turned(near, 19) ^ (near >>> 10);
      const zero = turned(far, 7) ^ turned(far, 18) ^ (far >>> 3);
      words.push((one + words[index - 7] + zero + words[index - 16]) | 0);
    }
  }
  return words;
}

function sha256(text) {
  const block = padded(text);
  const state = [...START];
  for (let offset = 0; offset < block.byteLength; offset += 64) {
    const words = schedule(block, offset);
    let [a, b, c, d, e, f, g, h] = state;
    for (let index = 0; index < 64; index += 1) {
      const one = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
      const first = (h + one + ((e & f) ^ (~e & g)) + ROUNDS[index] + words[index]) | 0;
      const zero = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
      const second = (zero + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, index) => {
      state[index] = (state[index] + word) | 0;
    });
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
  const [, client, hash, salt] = parts;
  return sha256(`${client} ${origin} ${browserState()} ${salt}`) === hash ? "unchanged" : "changed";
}

window.addEventListener("message", (event) => {
  if (event.source !== null && event.source !== window) {
    event.source.postMessage(answer(event.data, event.origin), event.origin);
  }
});
