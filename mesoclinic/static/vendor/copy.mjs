// Copies what the pages use out of node_modules, draws the icon sprite, and writes MANIFEST (sha256 of every file).
// Run: npm ci --ignore-scripts && npm run copy
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FILES = [
  ["bootstrap/dist/css/bootstrap.min.css", "bootstrap/bootstrap.min.css"],
  ["bootstrap/dist/js/bootstrap.bundle.min.js", "bootstrap/bootstrap.bundle.min.js"],
  ["bootstrap/LICENSE", "bootstrap/LICENSE"],
  ["@alpinejs/csp/dist/cdn.min.js", "alpinejs/alpine-csp.min.js"],
  ["@event-calendar/build/dist/event-calendar.min.css", "event-calendar/event-calendar.min.css"],
  ["@event-calendar/build/dist/event-calendar.min.js", "event-calendar/event-calendar.min.js"],
  ["@fontsource-variable/inter/files/inter-latin-wght-normal.woff2", "inter/inter-latin.woff2"],
  ["@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2", "inter/inter-latin-ext.woff2"],
  ["@fontsource-variable/inter/LICENSE", "inter/LICENSE"],
  ["bootstrap-icons/LICENSE", "icons/LICENSE"],
];
const FOLDERS = ["alpinejs", "bootstrap", "event-calendar", "icons", "inter"];

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  const text = /\.(css|js)$/.test(to);
  if (!text) return cpSync(join("node_modules", from), to);
  // The maps stay behind, so the comment that names them goes too: hashed static storage would look for the file.
  const body = readFileSync(join("node_modules", from), "utf8");
  const bare = body.replace(/\n?\/\*# sourceMappingURL=.*?\*\/|\n?\/\/# sourceMappingURL=.*$/gm, "");
  writeFileSync(to, bare.trimEnd() + "\n");
}

function drawSprite() {
  const names = readFileSync("icons.txt", "utf8").trim().split("\n");
  const symbols = names.map((name) => {
    const svg = readFileSync(`node_modules/bootstrap-icons/icons/${name}.svg`, "utf8");
    const body = svg.replace(/<svg[^>]*>/, "").replace("</svg>", "").replace(/\s*\n\s*/g, "");
    return `<symbol id="${name}" viewBox="0 0 16 16">${body}</symbol>`;
  });
  writeFileSync("icons/icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
}

function filesUnder(folder) {
  return readdirSync(folder).sort().flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}

for (const folder of FOLDERS) if (existsSync(folder)) rmSync(folder, { recursive: true });
for (const [from, to] of FILES) copy(from, to);
drawSprite();
const lines = FOLDERS.flatMap(filesUnder).map((path) => `${createHash("sha256").update(readFileSync(path)).digest("hex")}  ${path}`);
writeFileSync("MANIFEST", lines.join("\n") + "\n");
