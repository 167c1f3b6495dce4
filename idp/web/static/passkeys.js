// Passkeys (Web Authentication Level 3). The page holds what is to be signed; what the device answers goes back in the
// form of the page, by which everything else goes: no request is made from here. Without this script, and in browsers
// without passkeys, their buttons stay hidden and everything else works.

const byId = (id) => document.getElementById(id);
const enrol = byId("enrol");
const signIn = byId("passkey");

function show(id, isShown = true) {
  const element = byId(id);
  if (element !== null) {
    element.hidden = !isShown;
  }
}

function send(form, credential) {
  form.elements.answer.value = JSON.stringify(credential);
  form.submit();
}

async function make(event) {
  event.preventDefault();
  show("passkey-present", false);
  show("passkey-failed", false);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(enrol.dataset.options));
  try {
    send(enrol, await navigator.credentials.create({ publicKey }));
  } catch (error) {
    show(error.name === "InvalidStateError" ? "passkey-present" : "passkey-failed");
  }
}

// One question at a time: the button's takes the place of the one that waits in the field of the address.
let waiting = new AbortController();

async function ask(mediation) {
  waiting.abort();
  waiting = new AbortController();
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(signIn.dataset.options));
  send(signIn, await navigator.credentials.get({ mediation, publicKey, signal: waiting.signal }));
}

// Offers passkeys among what the browser fills into the field of the address.
async function offer() {
  if (await PublicKeyCredential.isConditionalMediationAvailable?.()) {
    ask("conditional").catch(() => {}); // nobody chose one, or the button was pressed
  }
}

async function press() {
  show("passkey-failed", false);
  try {
    await ask("optional");
  } catch {
    show("passkey-failed");
    offer();
  }
}

if (window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  if (enrol !== null) {
    show("passkey-impossible", false);
    show("make-passkey");
    enrol.addEventListener("submit", make);
  }
  if (signIn !== null) {
    signIn.hidden = false;
    byId("use-passkey").addEventListener("click", press);
    offer();
  }
}
