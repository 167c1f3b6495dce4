// A relying party on openid-client, the way its README does it.
import * as openid from 'openid-client'
import { privateKey, report, send, task } from './talk.mjs'

const authentication = {
  none: () => openid.None(),
  client_secret_basic: () => openid.ClientSecretBasic(task.secret),
  client_secret_post: () => openid.ClientSecretPost(task.secret),
  private_key_jwt: async () => openid.PrivateKeyJwt(await privateKey(task)),
}
const config = await openid.discovery(
  new URL(task.issuer), task.client_id, task.metadata, await authentication[task.method](),
  { execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks] },
)

async function signIn(build = openid.buildAuthorizationUrl) {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier, expectedState: openid.randomState(), expectedNonce: openid.randomNonce() }
  const url = await build(config, {
    redirect_uri: task.redirect_uri,
    scope: task.scope,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
  })
  return openid.authorizationCodeGrant(config, await send(url), { ...checks, idTokenExpected: true })
}

async function refusal(attempt) {
  try {
    await attempt()
  } catch (error) {
    return error.error ?? error.code ?? error.message
  }
  return 'no error'
}

const scenarios = {
  async sign_in() {
    const tokens = await signIn()
    const claims = tokens.claims()
    const profile = await openid.fetchUserInfo(config, tokens.access_token, claims.sub)
    const later = await openid.refreshTokenGrant(config, tokens.refresh_token)
    const standing = await openid.tokenIntrospection(config, later.access_token)
    await openid.tokenRevocation(config, later.refresh_token)
    const end = openid.buildEndSessionUrl(config, { post_logout_redirect_uri: task.signed_out, id_token_hint: later.id_token })
    const signedOut = task.signed_out && (await send(end))
    return {
      id_token: claims,
      userinfo: profile,
      introspected: standing,
      refreshed: await refusal(() => openid.refreshTokenGrant(config, later.refresh_token)),
      signed_out: String(signedOut),
    }
  },
  async pushed() {
    return { id_token: (await signIn(openid.buildAuthorizationUrlWithPAR)).claims() }
  },
  async client_credentials() {
    const tokens = await openid.clientCredentialsGrant(config, { scope: task.scope, resource: task.audience })
    return { introspected: await openid.tokenIntrospection(config, tokens.access_token) }
  },
}

report(await scenarios[task.scenario]())
