// Stores a long form as a draft while it is being written. Without script, the form has a button
// that does the same; nothing here is needed to use it.
//
// <form data-draft-url="…"> is posted there, all fields and the token, a moment after the last
// keystroke. The element [data-draft-status] (role=status) says how it went; its texts come from
// the page, in the page's language.

const WAIT_AFTER_TYPING = 1500;
const WAIT_AFTER_FAILURE = 10000;

class Draft {
  constructor(form, status) {
    this.form = form;
    this.status = status;
    this.text = status.querySelector("[data-draft-text]") ?? status;
    this.changes = 0;
    this.stored_changes = 0;
    this.leaving = false;
    this.timer = null;
    this.sending = false;
    form.addEventListener("input", () => this.changed());
    form.addEventListener("submit", () => { this.leaving = true; });
    window.addEventListener("online", () => { if (this.unsaved) this.later(0); });
    window.addEventListener("pageshow", () => { this.leaving = false; });
    window.addEventListener("beforeunload", (event) => {
      if (this.unsaved && !this.leaving) event.preventDefault();
    });
  }

  get unsaved() {
    return this.changes > this.stored_changes;
  }

  changed() {
    if (!this.unsaved) this.say(this.status.dataset.unsaved);
    this.changes += 1;
    this.later(WAIT_AFTER_TYPING);
  }

  later(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  say(text) {
    if (this.text.textContent !== text) this.text.textContent = text;
  }

  async save() {
    if (this.sending) {
      this.later(WAIT_AFTER_TYPING);
      return;
    }
    this.sending = true;
    const sent = this.changes;
    try {
      const answer = await fetch(this.form.dataset.draftUrl, {
        method: "POST",
        body: new URLSearchParams(new FormData(this.form)),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        redirect: "error",
      });
      if (answer.ok) await this.stored(answer, sent);
      else this.failed(answer.status);
    } catch {
      this.failed(0);
    } finally {
      this.sending = false;
    }
  }

  async stored(answer, sent) {
    const { saved_at: time, version } = await answer.json();
    const field = this.form.elements.namedItem("version");
    if (field && version !== undefined) field.value = version;
    this.stored_changes = sent;
    if (!this.unsaved) this.say(this.status.dataset.saved.replace("{time}", time));
  }

  failed(code) {
    const refused = code >= 400 && code < 500 && code !== 429;
    this.say(refused ? this.status.dataset.refused : this.status.dataset.offline);
    // A refusal stays a refusal until something changes; a lost line may come back.
    if (!refused) this.later(WAIT_AFTER_FAILURE);
  }
}

const status = document.querySelector("[data-draft-status]");
for (const form of document.querySelectorAll("form[data-draft-url]")) {
  if (status) new Draft(form, status);
}
