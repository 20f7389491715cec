// Parts of a page that change while it is open. A part has an id; the page is asked for again, and the part taken from it.
//   data-refresh-every="2000"             until the part comes without it, such as the progress of an import
//   data-refresh-on="offer_made,…"        when the live stream tells of one of these

export function keepFresh(part) {
  setTimeout(async () => {
    const fresh = await refresh(part.id);
    const next = fresh ?? document.getElementById(part.id);
    if (next?.dataset.refreshEvery) keepFresh(next);
  }, Number(part.dataset.refreshEvery));
}

// Whether a person has begun to fill in something there.
function isBegun(part) {
  return [...part.querySelectorAll("input, textarea, select")].some((field) => {
    if (field.options) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((each) => each.defaultSelected));
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    return field.value !== field.defaultValue;
  });
}

// The new part, or null where the page did not answer: then the old one stays.
export async function refresh(id) {
  const held = document.getElementById(id);
  // Nothing is taken from under the hands of a person who is filling it in.
  if (!held || held.contains(document.activeElement) || isBegun(held)) return null;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(id);
    if (!fresh) return null;
    const adopted = document.adoptNode(fresh);
    held.replaceWith(adopted);
    return adopted;
  } catch (error) {
    if (error instanceof TypeError) return null; // the network was away; the next time may work
    throw error;
  }
}
