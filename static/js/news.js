/*
 * An open page stays true. While it can be seen, it asks every few seconds whether anything newer is stored than what its
 * sections show, by one small question for all of them; sections of which there is something are asked for again, and so
 * are, once a minute, those whose answer is old. Nothing is asked for a page that nobody sees, and at once when it is seen
 * again.
 */
(() => {
  "use strict";

  const EVERY_MS = 3000; /* with the refresh itself, what Shopify tells is seen within five seconds */
  const DUE_EVERY_MS = 60000;
  const TYPING_MS = 3000;
  const OWED_MS = 10000;
  const pages = new WeakMap(); /* the side of one conversation -> what is known of it; a new conversation begins anew */
  let typedAt = 0;

  const known = (side) => {
    if (!pages.has(side)) pages.set(side, { asking: false, owed: new Set(), due: new Map() });
    return pages.get(side);
  };

  /* Somebody has marked words in it to copy them, reads what has popped up, writes: then it stays as it is for now. */
  const inUse = (section) => {
    const chosen = getSelection();
    return (chosen && !chosen.isCollapsed && section.contains(chosen.anchorNode))
      || section.matches(":has(:popover-open, dialog[open], .htmx-request)")
      || (Date.now() - typedAt < TYPING_MS && section.contains(document.activeElement));
  };

  const bring = (side, page) => {
    for (const number of page.owed) {
      const section = side.querySelector(`#store-${number}`);
      if (section && inUse(section)) continue;
      page.owed.delete(number);
      /* One that waits for its answer asks by itself. */
      if (!section?.dataset.url || section.hasAttribute("hx-get") || section.matches(".htmx-request")) continue;
      section.dispatchEvent(new CustomEvent("versana:again", { bubbles: true }));
      window.htmx.ajax("GET", section.dataset.url, { source: section, target: section, swap: "outerHTML" }).catch(() => {});
    }
  };

  const take = (side, page, news) => {
    side.dataset.seen = news.seen;
    news.changed.forEach((number) => page.owed.add(number));
    for (const number of news.due) {
      if (Date.now() - (page.due.get(number) ?? -Infinity) < DUE_EVERY_MS) continue;
      page.due.set(number, Date.now());
      page.owed.add(number);
    }
  };

  const ask = async () => {
    const side = document.getElementById("side");
    if (!side?.dataset.news || document.visibilityState !== "visible") return;
    const page = known(side);
    if (page.asking) return;
    page.asking = true;
    try {
      const address = `${side.dataset.news}?${new URLSearchParams({ seen: side.dataset.seen })}`;
      const answer = await fetch(address, { redirect: "manual", signal: AbortSignal.timeout(10000) });
      if (answer.status === 200) take(side, page, await answer.json());
      /* Signed out, or not to be seen any more: the next click says so. */
      else if (answer.type === "opaqueredirect" || answer.status === 403 || answer.status === 404) delete side.dataset.news;
    } catch {
      /* Away for a moment; the next question is never far. */
    } finally {
      page.asking = false;
    }
    if (side.isConnected) bring(side, page);
  };

  /* An answer that was lost on the way is still owed: a store may be gone, and nothing else would say so. */
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const section = detail.target;
    if (detail.successful || detail.xhr?.status === 404 || !section?.matches?.("#side .section")) return;
    const page = known(section.closest("#side"));
    setTimeout(() => page.owed.add(Number(section.id.replace("store-", ""))), OWED_MS);
  });
  /* So is one that came while its section could not be replaced. */
  document.addEventListener("versana:missed", ({ target: section }) => {
    if (section.hasAttribute("hx-get")) setTimeout(() => section.isConnected && window.htmx.trigger(section, "again"), OWED_MS / 2);
    else known(section.closest("#side")).owed.add(Number(section.id.replace("store-", "")));
  });
  setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", ask);
  addEventListener("online", ask);
  document.addEventListener("input", () => { typedAt = Date.now(); });
  document.addEventListener("compositionupdate", () => { typedAt = Date.now(); });
})();
