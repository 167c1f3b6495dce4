// Sends the answer back to the app at once (OAuth 2.0 Form Post Response Mode); without it, the Continue button does.
// Called by way of the prototype, since a field named "submit" would hide the form's own method.
HTMLFormElement.prototype.submit.call(document.getElementById("response"));
