/*
 * The bell of an open page: while the page can be seen, it asks every few seconds how many notices are unread, shows the
 * number, puts it into the title, and says what is new. Without this file the bell is a link to the list.
 */
(() => {
  "use strict";

  const EVERY_MS = 8000;
  const title = document.querySelector("title");
  let unread = -1; /* not known yet: what is there when a page opens is no news */
  let asking = false;
  let stopped = false;

  /* htmx sets the title of what it swaps in, without the number. */
  const entitle = () => {
    const bare = document.title.replace(/^\(\d+\+?\) /, "");
    const shown = document.querySelector("#bell .bell-count")?.textContent;
    const wanted = shown ? `(${shown}) ${bare}` : bare;
    if (document.title !== wanted) document.title = wanted;
  };

  const paint = (bell, news) => {
    const count = bell.querySelector(".bell-count");
    count.textContent = news.shown;
    count.hidden = !news.unread;
    bell.querySelector("[data-bell-label]").textContent = news.label;
    if (unread >= 0 && news.unread > unread) document.getElementById("announcer").textContent = news.said;
    unread = news.unread;
    entitle();
  };

  const ask = async () => {
    const bell = document.getElementById("bell");
    if (!bell?.dataset.bell || asking || stopped || document.visibilityState !== "visible") return;
    asking = true;
    try {
      const answer = await fetch(bell.dataset.bell, { redirect: "manual", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10000) });
      if (answer.status === 200) paint(bell, await answer.json());
      /* Signed out, or not to be seen any more: the next click says so. */
      else if (answer.type === "opaqueredirect" || answer.status === 403 || answer.status === 404) stopped = true;
    } catch {
      /* Away for a moment; the next question is never far. */
    } finally {
      asking = false;
    }
  };

  new MutationObserver(entitle).observe(title, { childList: true, characterData: true, subtree: true });
  setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", ask);
  addEventListener("online", ask);
  /* Opening a conversation reads what was said of it. */
  document.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target?.id === "conversation") ask(); });
  ask();
})();
