// How a script talks with the test that runs it: one line of JSON each way. The test is the person with the browser.
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

const hear = async () => JSON.parse((await lines.next()).value)
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

// What the test wants done: where the provider is, and as which client.
export const task = await hear()

// Send the person to an address; return the address at which they come back.
export async function send(url) {
  say({ visit: String(url) })
  return new URL(await hear())
}

// The script's last words.
export function report(results) {
  say({ report: results })
  process.exit(0)
}

// The private key of a client that proves itself by private_key_jwt.
export async function privateKey({ jwk, algorithm }) {
  return { key: await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']), kid: jwk.kid }
}
