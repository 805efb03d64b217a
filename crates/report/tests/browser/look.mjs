// What a reader sees: the file itself, without script, at every width, in every light, on paper, and through axe.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parse } from "parse5";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SCRIPT = 15_000;
const PAINT_MS = 1_000;
const WIDTHS = [320, 360, 800, 1440, 1920];

export const looks = [
  ["its HTML parses without an error", parses],
  ["it and its script are small enough", weighs],
  ["it says the same without script", saysTheSame],
  ["it never scrolls sideways", fits],
  ["axe finds nothing serious", accessible],
  ["it prints light, without controls", prints],
];

function parses({ text }) {
  const errors = [];
  const near = (offset) => JSON.stringify(text.slice(Math.max(0, offset - 80), offset + 40));
  const onParseError = ({ code, startOffset }) => errors.push(`${code} in ${near(startOffset)}`);
  const walk = (node) => {
    const { tagName, sourceCodeLocation: at } = node;
    // What a parser adds or closes by itself is an error that parse5 does not tell.
    if (tagName && !at && !["html", "head", "body", "tbody"].includes(tagName)) errors.push(`a stray </${tagName}>`);
    if (["p", "a", "b", "div", "span", "table"].includes(tagName) && at && !at.endTag) errors.push(`not closed: ${near(at.startOffset)}`);
    node.childNodes?.forEach(walk);
  };
  walk(parse(text, { onParseError, sourceCodeLocationInfo: true }));
  if (errors.length) throw new Error(`${errors.length} errors: ${errors.slice(0, 3).join(", ")}`);
  return "";
}

async function weighs({ text, limit }, tab) {
  const page = await tab();
  const script = await page.evaluate(() =>
    [...document.scripts].filter((one) => !/json/.test(one.type)).reduce((sum, one) => sum + one.text.length, 0),
  );
  const bytes = Buffer.byteLength(text);
  if (bytes > limit) throw new Error(`${bytes} bytes, above ${limit}`);
  if (script > SCRIPT) throw new Error(`a script of ${script} bytes, above ${SCRIPT}`);
  return `${bytes} bytes of ${limit}, script ${script} of ${SCRIPT}`;
}

/** Whatever a tab must not do (requests, errors, policy) fails the check that opened it; here nothing else happens. */
export const opens = ["it opens from disk with the network cut", opensAlone];

async function opensAlone(_site, tab) {
  const page = await tab();
  const foreign = await page.evaluate(() => {
    const active = "iframe,object,embed,img,link,base,form:not([method=dialog]),audio,video,animate,set,foreignObject";
    const handlers = [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => /^on/i.test(a.name)));
    const links = [...document.links].filter((a) => /^\s*(javascript|data):/i.test(a.getAttribute("href")));
    const scripts = [...document.scripts].filter((s) => s.src || s.text.includes("alert("));
    return [...document.querySelectorAll(active), ...handlers, ...links, ...scripts].map((e) => e.outerHTML.slice(0, 120));
  });
  if (foreign.length) throw new Error(`holds ${foreign.slice(0, 3).join(" | ")}`);
  // A figure for people: how fast a machine is decides no test.
  const painted = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
  const paint = await (await page.waitForFunction(painted, { timeout: 10_000 })).jsonValue();
  return `first contentful paint ${Math.round(paint)} ms${paint > PAINT_MS ? `, SLOW: above ${PAINT_MS} ms` : ""}`;
}

/** All verdicts and the rows of every table, as a reader sees them. */
function said() {
  const text = (e) => e.textContent.replace(/\s+/g, " ").trim();
  const seen = (e) => e.closest("details:not([open])") !== null || e.checkVisibility({ visibilityProperty: true });
  const all = (what) => [...document.querySelectorAll(what)].map((e) => `${seen(e) ? "" : "HIDDEN "}${text(e)}`);
  return {
    verdicts: all(".verdicts li"),
    rows: all(":is(.forest, .mx, .choose) tbody tr"),
    others: all("main table:not(.forest, .mx, .choose) tr"),
    charts: [...document.querySelectorAll("main svg")].filter((e) => seen(e) && e.childElementCount > 0).length,
    prose: all("main :is(h1, h2, h3, .lead, .say, .how)"),
  };
}

async function saysTheSame(site, tab) {
  const [without, withScript] = [await tab({ script: false }), await tab()];
  // The switch is the script's own answer to whether it ran: without one, this check would compare a page with itself.
  if (await without.evaluate(() => document.documentElement.classList.contains("js"))) throw new Error("the script ran");
  const [bare, full] = [await without.evaluate(said), await withScript.evaluate(said)];
  const counts = [];
  for (const [what, least] of [["verdicts", "verdicts"], ["rows", "forest"], ["others", "tables"], ["prose", ""]]) {
    if (least && site.need(least) && bare[what].length === 0) throw new Error(`no ${what} without script`);
    const hidden = bare[what].find((line) => line.startsWith("HIDDEN "));
    if (hidden) throw new Error(`without script nobody sees: ${hidden.slice(7, 120)}`);
    // The script may fold away, as the matrix does with other numbers of workers.
    full[what] = full[what].map((line) => line.replace(/^HIDDEN /, ""));
    const at = full[what].findIndex((line, i) => line !== bare[what][i]);
    if (at >= 0 || full[what].length !== bare[what].length) {
      throw new Error(`${what} differ: without script ${bare[what][at]}, with it ${full[what][at]}`);
    }
    counts.push(`${bare[what].length} ${what}`);
  }
  if (site.need("charts") && bare.charts === 0) throw new Error("no charts without script");
  if (bare.charts !== full.charts) throw new Error(`${bare.charts} charts without script, ${full.charts} with it`);
  return `${counts.join(", ")}, ${bare.charts} charts`;
}

const unfold = () => document.querySelectorAll("details").forEach((e) => (e.open = true));
const theme = (page, dark) =>
  page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);

/** What of the page lies beyond the right edge of the window, cut off or not; boxes that scroll by themselves may be wider. */
function wide() {
  const within = (e, overflow) => {
    for (let at = e.parentElement; at && at !== document.body; at = at.parentElement) {
      if (overflow.includes(getComputedStyle(at).overflowX)) return true;
    }
    return false;
  };
  const says = (e) => [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const over = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
  const cut = over.filter((e) => says(e) && e.checkVisibility() && !within(e, ["auto", "scroll", "hidden"]));
  const { scrollWidth } = document.documentElement;
  if (scrollWidth <= innerWidth && cut.length === 0) return null;
  const name = (e) => `${e.localName}.${[...e.classList].join(".")} in #${e.closest("[id]")?.id} "${e.textContent.trim().slice(0, 40)}"`;
  return `${scrollWidth} wide, beyond the edge: ${(cut.length ? cut : over).slice(0, 3).map(name).join(", ")}`;
}

async function fits({ large }, tab) {
  const page = await tab();
  const over = [];
  for (const open of [false, true]) {
    if (open) await page.evaluate(unfold);
    for (const width of large ? [WIDTHS[0], WIDTHS.at(-1)] : WIDTHS) {
      await page.setViewport({ width, height: 900 });
      for (const dark of large ? [false] : [false, true]) {
        await theme(page, dark);
        const found = await page.evaluate(wide);
        if (found) over.push(`at ${width}${dark ? ", dark" : ""}${open ? ", open" : ""}: ${found}`);
      }
    }
  }
  if (over.length) throw new Error(over.join("; "));
  return large ? `${WIDTHS[0]} and ${WIDTHS.at(-1)} px, folded and open` : `${WIDTHS.join(", ")} px, light and dark, folded and open`;
}

/** Every width in every light costs half a minute on a whole page: one page has it all, the others the two ends. */
const LIGHTS = [[360, true], [1440, false]];
const ALL_LIGHTS = [360, 800, 1440].flatMap((width) => [[width, false], [width, true]]);

async function accessible({ large, thorough }, tab) {
  const page = await tab();
  await page.evaluate(unfold);
  await page.evaluate(axe);
  const found = new Map();
  for (const [width, dark] of thorough ? ALL_LIGHTS : LIGHTS) {
    await page.setViewport({ width, height: 900 });
    await theme(page, dark);
    for (const one of await page.evaluate(audit, large)) {
      const entry = found.get(one.id) ?? { ...one, where: [] };
      entry.where.push(`${width}${dark ? " dark" : ""}`);
      found.set(one.id, entry);
    }
  }
  const bad = [...found.values()].filter(({ impact }) => impact === "serious" || impact === "critical");
  const line = ({ id, impact, count, where, at, why }) => `${id} (${impact}, ${count} nodes; ${where.join(", ")}): ${at}: ${why}`;
  if (bad.length) throw new Error(bad.map(line).join("; "));
  const minor = [...found.values()].map(({ id, impact, count, at }) => `${impact} ${id} (${count}: ${at.slice(0, 80)})`);
  return minor.length ? `but ${minor.join(", ")}` : "nor anything else";
}

/** What axe has against the page; of a large one the first of everything, which the rest repeats. */
async function audit(large) {
  const firsts = ["header", "#verdicts", "#choose", "#matrix", ".forest", "#cell"];
  const within = large ? { include: firsts.filter((at) => document.querySelector(at)).map((at) => [at]) } : document;
  if (large) document.querySelectorAll(".forest, #verdicts li").forEach((e, i) => i > 40 && e.remove());
  const { violations } = await window.axe.run(within, { resultTypes: ["violations"] });
  return violations.map(({ id, impact, nodes }) => ({
    id,
    impact,
    count: nodes.length,
    at: nodes[0].html.slice(0, 160),
    why: nodes[0].failureSummary.split("\n")[1]?.trim().slice(0, 200),
  }));
}

async function prints(site, tab) {
  const page = await tab({ hash: site.need("script") ? "#top;th=dark" : "", dark: true });
  const paper = () => getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g).map(Number);
  const onScreen = await page.evaluate(paper);
  if (luminance(onScreen) > 0.3) throw new Error(`a dark page is ${onScreen} on screen`);
  await page.emulateMediaType("print");
  await page.setViewport({ width: 718, height: 1000 });
  const onPaper = await page.evaluate(paper);
  if (luminance(onPaper) < 0.8) throw new Error(`paper is ${onPaper}`);
  const left = await page.evaluate(() =>
    [...document.querySelectorAll("#q, #help-b, .theme, .toc, button:not(.key *), #cell")].filter((e) => e.checkVisibility()).map((e) => e.id || e.className),
  );
  if (left.length) throw new Error(`paper has controls: ${left.slice(0, 5)}`);
  const over = await page.evaluate(wide);
  if (over) throw new Error(`on A4 it is ${over}`);
  if (site.large) return "";
  const pdf = Buffer.from(await page.pdf({ format: "A4", preferCSSPageSize: true }));
  if (pdf.subarray(0, 5).toString() !== "%PDF-") throw new Error("no PDF came out");
  return `${pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length} pages of A4`;
}

/** Relative luminance without gamma: enough to tell paper from night. */
function luminance([r, g, b]) {
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}
