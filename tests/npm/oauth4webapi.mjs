// A relying party on oauth4webapi: every request and every check of an answer is the library's.
import * as oauth from 'oauth4webapi'
import { privateKey, report, send, task } from './talk.mjs'

const local = { [oauth.allowInsecureRequests]: true } // the provider of a test speaks http on a loopback address
const issuer = new URL(task.issuer)
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, local))
const byOAuth = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { ...local, algorithm: 'oauth2' }),
)
const client = { client_id: task.client_id, ...task.metadata }
const authentication = {
  none: () => oauth.None(),
  client_secret_basic: () => oauth.ClientSecretBasic(task.secret),
  client_secret_post: () => oauth.ClientSecretPost(task.secret),
  private_key_jwt: async () => oauth.PrivateKeyJwt(await privateKey(task)),
}
const auth = await authentication[task.method]()

async function authorize(extra, { pushed = false } = {}) {
  const verifier = oauth.generateRandomCodeVerifier()
  const nonce = oauth.generateRandomNonce()
  const state = oauth.generateRandomState()
  const parameters = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: task.redirect_uri,
    response_type: 'code',
    scope: task.scope,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...extra,
  })
  const url = new URL(as.authorization_endpoint)
  if (pushed) {
    const response = await oauth.pushedAuthorizationRequest(as, client, auth, parameters, local)
    const { request_uri } = await oauth.processPushedAuthorizationResponse(as, client, response)
    url.search = new URLSearchParams({ client_id: client.client_id, request_uri })
  } else {
    url.search = parameters
  }
  return { back: await send(url), state, nonce, verifier }
}

async function redeem({ back, state, nonce, verifier }) {
  const parameters = oauth.validateAuthResponse(as, client, back, state) // iss (RFC 9207) and state
  const response = await oauth.authorizationCodeGrantRequest(
    as, client, auth, parameters, task.redirect_uri, verifier, local,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
    maxAge: 300,
  })
  await oauth.validateApplicationLevelSignature(as, response, local)
  return tokens
}

async function userinfo(accessToken, subject) {
  const response = await oauth.userInfoRequest(as, client, accessToken, local)
  return oauth.processUserInfoResponse(as, client, subject, response)
}

async function refresh(refreshToken) {
  const response = await oauth.refreshTokenGrantRequest(as, client, auth, refreshToken, local)
  const tokens = await oauth.processRefreshTokenResponse(as, client, response)
  await oauth.validateApplicationLevelSignature(as, response, local)
  return tokens
}

async function accessTokenAtResource(accessToken) {
  const request = new Request(task.audience, { headers: { authorization: `Bearer ${accessToken}` } })
  return oauth.validateJwtAccessToken(as, request, task.audience, local)
}

async function introspect(token) {
  const response = await oauth.introspectionRequest(as, client, auth, token, local)
  return oauth.processIntrospectionResponse(as, client, response)
}

// What the library makes of an answer that is an error.
async function refusal(attempt) {
  try {
    await attempt()
  } catch (error) {
    if (error instanceof oauth.WWWAuthenticateChallengeError) {
      const [challenge] = error.cause
      return { status: error.status, scheme: challenge.scheme, error: challenge.parameters.error }
    }
    return { kind: error.name, error: error.error ?? error.code ?? error.message }
  }
  return 'no error'
}

const scenarios = {
  async sign_in() {
    const tokens = await redeem(await authorize({ max_age: '300' }))
    const claims = oauth.getValidatedIdTokenClaims(tokens)
    const first = await userinfo(tokens.access_token, claims.sub)
    const later = tokens.refresh_token && (await refresh(tokens.refresh_token))
    const results = {
      id_token: claims,
      userinfo: first,
      refreshed: later && { rotated: later.refresh_token !== tokens.refresh_token, scope: later.scope },
      access_token: await accessTokenAtResource((later || tokens).access_token),
    }
    if (task.method !== 'none') results.introspected = await introspect((later || tokens).access_token)
    return results
  },
  async pushed() {
    const tokens = await redeem(await authorize({}, { pushed: true }))
    return { id_token: oauth.getValidatedIdTokenClaims(tokens) }
  },
  async revoke() {
    const tokens = await redeem(await authorize({}))
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, client, auth, tokens.refresh_token, local),
    )
    return {
      refreshed: await refusal(() => refresh(tokens.refresh_token)),
      introspected: await introspect(tokens.refresh_token),
    }
  },
  async refusals() {
    const silent = await authorize({ prompt: 'none', max_age: '0' })
    const scope = await authorize({ scope: 'payments:settle' })
    return {
      authorize: await refusal(() => oauth.validateAuthResponse(as, client, silent.back, silent.state)),
      scope: await refusal(() => oauth.validateAuthResponse(as, client, scope.back, scope.state)),
      userinfo: await refusal(() => userinfo('nonsense', oauth.skipSubjectCheck)),
      refresh: await refusal(() => refresh('nonsense')),
    }
  },
  async client_credentials() {
    const parameters = { scope: task.scope, resource: task.audience }
    const response = await oauth.clientCredentialsGrantRequest(as, client, auth, parameters, local)
    const tokens = await oauth.processClientCredentialsResponse(as, client, response)
    return {
      access_token: await accessTokenAtResource(tokens.access_token),
      introspected: await introspect(tokens.access_token),
      scope: tokens.scope,
    }
  },
}

report({ discovered: as.issuer === byOAuth.issuer, ...(await scenarios[task.scenario]()) })
