"""Signing in with another OpenID provider, such as Google, Apple or LINE: any of them, by configuration (`[upstream]`).

The person goes there from the sign-in page or from their connections, and comes back with a code, whose ID token says
who they are (`providers`, `id_token`). What that means here is decided in one place (`arrival`): an account that is
connected signs in; somebody who came to connect is connected; anybody else says whether they have an account, and
proves it in this browser, or makes one. An e-mail address alone never connects anything, whoever verified it.

What another provider says counts as much as a password, and as `fed` among the methods, unless `amr` or `acr` of the
configuration say what its words mean here. `auth_time` is when the person came back.
"""
