// A relying party on openid-client that registers itself with keys of its own, and signs in by whichever way it is told.
import { exportJWK, generateKeyPair } from 'jose'
import * as openid from 'openid-client'
import { report, send, task } from './talk.mjs'

const flows = {
  code: () => {},
  'code id_token': openid.useCodeIdTokenResponseType,
  id_token: openid.useIdTokenResponseType,
}
const grants = { code: ['authorization_code'], 'code id_token': ['authorization_code', 'implicit'], id_token: ['implicit'] }
const isImplicit = task.response_type === 'id_token'

const signing = await generateKeyPair('RS256')
const decryption = await generateKeyPair('RSA-OAEP-256', { extractable: true })
const published = [
  { ...(await exportJWK(signing.publicKey)), kid: 'signing', use: 'sig', alg: 'RS256' },
  { ...(await exportJWK(decryption.publicKey)), kid: 'encryption', use: 'enc', alg: 'RSA-OAEP-256' },
]
const key = { key: signing.privateKey, kid: 'signing' }
const config = await openid.dynamicClientRegistration(
  new URL(task.issuer),
  {
    client_name: 'A client of openid-client',
    redirect_uris: [task.redirect_uri],
    post_logout_redirect_uris: [task.signed_out],
    response_types: [task.response_type],
    grant_types: grants[task.response_type],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: published },
    ...task.metadata,
  },
  openid.PrivateKeyJwt(key),
  { execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks, flows[task.response_type]] },
)
if (task.metadata.id_token_encrypted_response_alg) {
  openid.enableDecryptingResponses(config, ['A256GCM'], { key: decryption.privateKey, kid: 'encryption', alg: 'RSA-OAEP-256' })
}

const builders = {
  plain: openid.buildAuthorizationUrl,
  pushed: openid.buildAuthorizationUrlWithPAR,
  object: (config, parameters) => openid.buildAuthorizationUrlWithJAR(config, parameters, key),
  'pushed object': async (config, parameters) => {
    const object = await openid.buildAuthorizationUrlWithJAR(config, parameters, key)
    return openid.buildAuthorizationUrlWithPAR(config, object.searchParams)
  },
}

async function authorize() {
  const verifier = openid.randomPKCECodeVerifier()
  const checks = { expectedState: openid.randomState(), expectedNonce: openid.randomNonce() }
  const proof = { code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' }
  const url = await builders[task.request](config, {
    redirect_uri: task.redirect_uri,
    scope: 'openid',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...(isImplicit ? {} : proof),
    ...(task.response_mode ? { response_mode: task.response_mode } : {}),
  })
  return { back: arrived(await send(url)), verifier, ...checks }
}

// What came by form is a POST; the test tells it as a fragment.
function arrived(url) {
  if (task.response_mode !== 'form_post') return url
  const body = new URLSearchParams(url.hash.slice(1))
  return new Request(task.redirect_uri, { method: 'POST', body })
}

async function signIn() {
  const { back, verifier, expectedNonce, expectedState } = await authorize()
  if (isImplicit) {
    return { id_token: await openid.implicitAuthentication(config, back, expectedNonce, { expectedState }) }
  }
  const tokens = await openid.authorizationCodeGrant(config, back, {
    expectedNonce,
    expectedState,
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  })
  const claims = tokens.claims()
  const userinfo = await openid.fetchUserInfo(config, tokens.access_token, claims.sub)
  return { id_token: claims, userinfo, hint: tokens.id_token }
}

const { hint, ...results } = await signIn()
const parameters = { post_logout_redirect_uri: task.signed_out, state: 'out', ...(hint ? { id_token_hint: hint } : {}) }
const ends = hint && !task.metadata.id_token_encrypted_response_alg
const end = ends ? String(await send(openid.buildEndSessionUrl(config, parameters))) : null
report({ ...results, client_id: config.clientMetadata().client_id, signed_out: end })
