/* After a deed in the thread's head: what was pressed is gone with its menu, so the focus goes to the button that opened it; and
   what the thread tells of it is said. */
(() => {
  "use strict";

  const OPENERS = { assign: "assign-button", priority: "more-button", tag: "more-button", untag: "more-button" };
  let asked = "";

  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.target?.id !== "thread-actions") return;
    asked = /\/([a-z]+)\/(?:\?|$)/.exec(detail.pathInfo.requestPath)?.[1] || "";
    if (asked === "state") asked = detail.requestConfig.parameters.deed || "";
  });
  document.addEventListener("htmx:oobAfterSwap", ({ detail }) => {
    const told = detail.target?.id === "thread-entries" && detail.target.lastElementChild;
    if (!told) return;
    document.getElementById("announcer").textContent = told.querySelector("[dir]")?.textContent || "";
    told.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.target?.id !== "thread-actions" || document.activeElement !== document.body) return;
    const opener = document.getElementById(OPENERS[asked] || (asked === "snooze" ? "snooze-button" : "close-button"));
    (opener?.checkVisibility?.() === false ? document.getElementById("more-button") : opener)?.focus({ preventScroll: true });
  });
})();
