"""The yardstick: a Flask application whose routes do nothing."""

from flask import Flask

application = Flask("empty")


@application.get("/")
def get():
    return {}


@application.post("/")
def post():
    return {}
