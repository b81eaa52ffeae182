// Warns before the session ends, and lets the person go on (WCAG 2.2.1). The server decides when
// it ends; this only counts along. Several tabs tell each other when one of them extends.

const WARN_BEFORE = 120;
const EVERY = 5000;

class Session {
  constructor(box) {
    this.box = box;
    this.text = box.querySelector("[data-session-text]");
    this.form = box.querySelector("form");
    this.seconds = Number(box.dataset.seconds);
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel("stafett-session") : null;
    this.restart();
    if (this.channel) {
      this.channel.addEventListener("message", () => this.restart());
      this.channel.postMessage("used");
    }
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.extend();
    });
    setInterval(() => this.look(), EVERY);
  }

  restart() {
    this.ends = Date.now() + this.seconds * 1000;
    this.show(null);
  }

  look() {
    const left = (this.ends - Date.now()) / 1000;
    if (left <= 0) this.show(this.box.dataset.over);
    else if (left <= Math.min(WARN_BEFORE, this.seconds / 2)) this.show(this.box.dataset.warning);
  }

  show(text) {
    this.box.hidden = text === null;
    this.form.hidden = text === this.box.dataset.over;
    if (text !== null && this.text.textContent !== text) this.text.textContent = text;
  }

  async extend() {
    try {
      const answer = await fetch(this.form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(this.form)),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        redirect: "error",
      });
      if (!answer.ok) {
        this.show(this.box.dataset.over);
        return;
      }
      this.restart();
      this.channel?.postMessage("used");
    } catch {
      // No connection: the warning stays, and so does the button.
    }
  }
}

const box = document.querySelector("[data-session]");
if (box) new Session(box);
