// A provider that we did not write (node-oidc-provider), with its own pages, whose people are whoever they say they are.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import Provider from 'oidc-provider'

const { issuer, site, clients, keys } = JSON.parse(process.argv[2])

const provider = new Provider(issuer, {
  clients,
  jwks: { keys },
  cookies: { keys: ['of tests'] },
  claims: { openid: ['sub', 'auth_time'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  clockTolerance: 120,
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA', 'HS256'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@elsewhere.example`, email_verified: true }),
  }),
})

const pem = readFileSync(site)
createServer({ key: pem, cert: pem }, provider.callback()).listen(new URL(issuer).port, '127.0.0.1', () =>
  process.stdout.write('listening\n'),
)
