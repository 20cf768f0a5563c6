// Prove with a passkey that it is still you: ask for a question, let the device answer, send the form with the answer.
(function () {
  "use strict";

  async function prove(button, form) {
    const answer = await fetch(button.dataset.passkey, {
      method: "POST",
      headers: { "X-CSRFToken": window.mesoclinic.csrfToken() },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const { request_options: question } = await answer.json();
    form.elements.credential.value = JSON.stringify(await window.webauthnJSON.get(question));
    form.requestSubmit(form.querySelector("[type=submit]"));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-passkey]");
    if (!button) return;
    const words = button.parentElement.querySelector("[data-passkey-words]");
    words.textContent = "";
    prove(button, button.form).catch(() => { words.textContent = button.dataset.wordsFailed; });
  });
})();
