// The live stream: the number of unread notices, "new" notices, and parts of the page that change by events.
import { refresh } from "./parts.js";

const words = document.querySelector("template[data-words=live]").dataset;
const language = document.body.dataset.language;
const isMember = "member" in document.body.dataset;
const NOTICES = {
  match_found: "match",
  deal_opened: "deal",
  offer_made: "deal",
  offer_accepted: "deal",
  contract_party_signed: "deal",
  contract_signed: "deal",
  deal_closed: "deal",
  deal_message_sent: "message",
  payment_held: "deal",
  recordal_filed: "deal",
  recordal_recorded: "deal",
  recordal_refused: "deal",
  payment_released: "deal",
  deal_activated: "deal",
  deal_disputed: "deal",
  payment_refunded: "deal",
  deal_ended: "deal",
  import_finished: "import",
};

const TOLD = "notification_added"; // one of the member's own notifications is there to be counted

export function follow() {
  // A new listing matters where listings are shown; a member hears what concerns their organisation everywhere.
  const wantsListings = document.querySelector("[data-new-listings]") !== null;
  const parts = [...document.querySelectorAll("[data-refresh-on]")];
  const named = parts.flatMap((part) => part.dataset.refreshOn.split(","));
  const types = new Set([...(isMember ? [...Object.keys(NOTICES), TOLD] : []), ...(wantsListings ? ["listing_published"] : []), ...named]);
  if (types.size === 0 || !("EventSource" in window)) return;
  const stream = new EventSource(`/${language}/live?types=${[...types].join(",")}`);
  for (const type of types) {
    stream.addEventListener(type, () => {
      if (type === "listing_published" && wantsListings) tell("fresh", words.fresh, true);
      if (isMember && NOTICES[type]) {
        tell(NOTICES[type], words[NOTICES[type]], false);
      }
      if (type === TOLD) countUnread();
      parts.filter((part) => part.dataset.refreshOn.split(",").includes(type)).forEach((part) => refresh(part.id));
    });
  }
  addEventListener("pagehide", () => stream.close());
}

async function countUnread() {
  const answer = await fetch(`/${language}/live/unread`);
  if (!answer.ok || answer.redirected) return;
  const { unread } = await answer.json();
  for (const badge of document.querySelectorAll("[data-unread]")) {
    badge.hidden = unread === 0;
    badge.querySelector(".count-number").textContent = unread.toLocaleString(document.documentElement.lang);
  }
}

// One notice of a kind at a time: fifty new listings are one line.
function tell(kind, text, reloads) {
  const place = document.querySelector("[data-notices]");
  if (place.querySelector(`[data-kind=${kind}]`)) return;
  const notice = document.createElement("div");
  notice.className = "live-notice";
  notice.dataset.kind = kind;
  const line = document.createElement("span");
  line.textContent = text;
  notice.append(line);
  if (reloads) notice.append(button(words.reload, () => location.reload()));
  notice.append(button(words.close, () => notice.remove()));
  place.append(notice);
}

function button(label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button quiet-button";
  made.textContent = label;
  made.addEventListener("click", act);
  return made;
}
