/*
 * Passkeys: forms with data-passkey ask the browser and send its answer as JSON in the field "credential".
 * Bytes travel as base64url. The browsers' own toJSON() and parse...FromJSON() are younger than some in use.
 */
(() => {
  "use strict";

  const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list || []).map((one) => ({ ...one, id: toBytes(one.id) }));

  const creation = (options, alone) => ({
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...options.user, id: toBytes(options.user.id) },
    excludeCredentials: known(options.excludeCredentials),
    authenticatorSelection: {
      ...options.authenticatorSelection,
      residentKey: alone ? "required" : "discouraged",
      requireResidentKey: alone,
      userVerification: alone ? "required" : options.authenticatorSelection?.userVerification,
    },
  });
  const request = (options) => ({
    ...options, challenge: toBytes(options.challenge), allowCredentials: known(options.allowCredentials),
  });

  const asJson = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = toText(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return JSON.stringify({
      id: credential.id, rawId: toText(credential.rawId), type: credential.type, response,
      authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  };

  const optionsOf = async (form) => {
    if (!form.dataset.optionsUrl) return JSON.parse(document.getElementById("passkey-options").textContent);
    const answer = await fetch(form.dataset.optionsUrl, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(`options: ${answer.status}`);
    return answer.json();
  };
  const ask = async (form) => {
    const options = await optionsOf(form);
    if (form.dataset.passkey === "get") return navigator.credentials.get({ publicKey: request(options.request_options.publicKey) });
    const alone = form.querySelector("[name=passwordless]");
    return navigator.credentials.create({ publicKey: creation(options.creation_options.publicKey, Boolean(alone?.checked)) });
  };

  const tell = (form, text) => {
    const problem = form.querySelector("[data-passkey-problem]");
    problem.textContent = text;
    problem.hidden = !text;
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-passkey]")) return;
    event.preventDefault();
    if (form.dataset.asking) return;
    if (!window.PublicKeyCredential) { tell(form, form.dataset.absent); return; }
    form.dataset.asking = "1";
    event.submitter?.setAttribute("aria-busy", "true");
    tell(form, "");
    try {
      form.elements.credential.value = asJson(await ask(form));
      form.submit();
    } catch (error) {
      tell(form, error.name === "InvalidStateError" && form.dataset.known ? form.dataset.known : form.dataset.refused);
      event.submitter?.removeAttribute("aria-busy");
      delete form.dataset.asking;
    }
  });
})();
