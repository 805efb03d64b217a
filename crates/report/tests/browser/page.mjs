// Opens every page of a folder in one real Chromium and checks what no parser can: usage `node page.mjs FOLDER`.
// `pages.json` in the folder lists them: {file, limit (bytes), has (what must be there), cells (IDs), thorough, large}.
// One line a check; exit 1 if one does not hold, 77 where there is no browser.
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";
import { looks, opens } from "./look.mjs";
import { uses } from "./use.mjs";

const NO_BROWSER = 77;
const folder = resolve(process.argv[2] ?? ".");
const pages = JSON.parse(readFileSync(join(folder, "pages.json"), "utf8"));
const start = Date.now();
let held = 0;
const broken = [];

const browser = await puppeteer.launch({
  executablePath: found(),
  headless: "shell",
  // In a container there often is no sandbox to be had; the pages are ours, and the network is cut.
  args: ["--no-sandbox"],
});
console.log(`browser: ${await browser.version()}, node ${process.version}`);
const sites = pages.map((page) => ({
  ...page,
  text: readFileSync(join(folder, page.file), "utf8"),
  open: (how) => open(page, how),
  need: (what) => page.has.includes(what),
}));
// One after the other where a time is told, then as many at once as there are CPUs.
for (const site of sites) await check(site, ...opens);
const jobs = sites.flatMap((site) => [...looks, ...uses].map(([name, holds]) => () => check(site, name, holds)));
await Promise.all(Array.from({ length: availableParallelism() }, async () => {
  for (let job = jobs.shift(); job; job = jobs.shift()) await job();
}));
await browser.close();
const seconds = ((Date.now() - start) / 1000).toFixed(1);
console.log(`browser: ${held} checks hold on ${pages.length} pages, ${broken.length} do not, ${seconds} s`);
for (const what of broken) console.log(`  FAIL  ${what}`);
process.exitCode = broken.length ? 1 : 0;

/** Runs one check. It says what it found, nothing if it does not apply, or throws. */
async function check(site, name, holds) {
  const before = Date.now();
  const tabs = [];
  const tab = async (how = {}) => {
    const opened = await site.open(how);
    tabs.push(opened);
    return opened.page;
  };
  const took = () => `${Date.now() - before} ms`;
  try {
    const said = await holds(site, tab);
    const wrong = tabs.flatMap((opened) => opened.wrong);
    if (wrong.length) throw new Error([...new Set(wrong)].join("; "));
    if (said === undefined) return;
    held += 1;
    console.log(`  ok    ${site.file}: ${name}${said ? `: ${said}` : ""} (${took()})`);
  } catch (error) {
    const wrong = tabs.flatMap((opened) => opened.wrong);
    broken.push(`${site.file}: ${name}`);
    // A message of several lines would lose its page among those of others.
    const said = [error.message, ...new Set(wrong)].join("; ").replace(/\s*\n\s*/g, " ");
    console.log(`  FAIL  ${site.file}: ${name}: ${said} (${took()})`);
  }
  await Promise.all(tabs.map((opened) => opened.context.close()));
}

/** A tab with the page in it, offline, and a list of all that a page must not do. */
async function open(site, { hash = "", script = true, width = 1440, height = 900, dark = false } = {}) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const url = pathToFileURL(join(folder, site.file)).href;
  const wrong = [];
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
  await page.setJavaScriptEnabled(script);
  await page.setOfflineMode(true);
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    if (request.url().split("#")[0] === url) return request.continue();
    wrong.push(`asks for ${request.url().slice(0, 200)}`);
    return request.abort();
  });
  page.on("console", (message) => {
    if (["error", "warn", "assert"].includes(message.type())) wrong.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.evaluateOnNewDocument(() => {
    // What a page copies, without asking the machine's clipboard.
    Object.defineProperty(navigator, "clipboard", { value: { writeText: async (text) => void (window.copied = text) } });
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  await page.goto(url + hash, { waitUntil: "load" });
  return { page, context, wrong };
}

/** The browser: `CHROME`, or the first one on PATH. */
function found() {
  if (process.env.CHROME) return process.env.CHROME;
  const names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const places = names.flatMap((name) => (process.env.PATH ?? "").split(delimiter).map((at) => join(at, name)));
  const mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
  const program = [...places, mac].find((place) => existsSync(place));
  if (program) return program;
  console.log(`browser: none found (${names.join(", ")}); install one, or name it in CHROME`);
  return process.exit(NO_BROWSER);
}
