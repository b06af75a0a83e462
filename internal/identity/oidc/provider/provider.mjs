// An OpenID provider for tests, on loopback: any name and password sign in, and
// the account is called by that name. It prints its issuer, and ends with its
// standard input.
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const [clientId = 'envshare', clientSecret = 'a-secret-of-tests-alone'] = process.argv.slice(2)
const callback = /^http:\/\/(127\.0\.0\.1|localhost):\d+\/login\/oidc\/callback$/

const server = createServer()
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${server.address().port}`

const provider = new Provider(issuer, {
  clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: ['http://127.0.0.1/login/oidc/callback'], response_types: ['code'], grant_types: ['authorization_code'] }],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'] },
  pkce: { required: () => true },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: id, preferred_username: id }) }),
  cookies: { keys: ['of tests alone'] },
})
// The console's port is chosen after the provider was started.
provider.Client.prototype.redirectUriAllowed = uri => callback.test(uri)
// Its pages ask for a font of somebody else's; tests ask nobody.
provider.use(async (ctx, next) => {
  await next()
  if (typeof ctx.body === 'string') ctx.body = ctx.body.replace(/@import url\([^)]*\);/g, '')
})

server.on('request', provider.callback())
process.stdin.resume().on('end', () => process.exit(0))
console.log(issuer)
