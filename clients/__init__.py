"""The other side of the protocol: it speaks HTTP to the provider and imports neither `idp` nor `policies`.

guard/       the library with which a service validates access tokens; a distribution of its own, `sekisho-guard`
webapp/      what the example apps share: signing in by Authlib, sessions, headers
storefront/  a first-party web app
partner/     a third-party app that asks for limited data
services/    internal services that stand behind guard
demo/        `make demo`: all of these together, and the main journey played over HTTP
"""
