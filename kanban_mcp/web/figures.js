// Figures as people read them: by the unit that the end of a name says.
import { span } from "./dom.js";

const SIZES = ["rss", "budget", "cache", "sqlite"]; // bytes, though their names do not say so
const SHARES = ["hit_rate", "share", "cpu_usage"];
const TIMES = /_(ms|time|latency)$/; // of these the parts are milliseconds
const UNITS = / (bytes|ms|seconds)$/;

/** A name in words, without the unit that its value has. */
export const labelled = (name) => name.replaceAll("_", " ").replace(UNITS, (unit) => (unit === " bytes" ? " size" : ""));

/** A number of bytes. */
export const bytes = (count) => (count < 1e5 ? `${(count / 1e3).toFixed(1)} KB` : count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(1)} GB`);

/** A value of a name as text; empty where there is none. */
export function said(name, value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "object") return Object.entries(value).map(([part, each]) => `${labelled(part)} ${said(TIMES.test(name) && !part.includes("_") ? "_ms" : part, each)}`).join(", ");
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return new Date(value).toLocaleString();
  if (typeof value !== "number") return String(value);
  if (name.endsWith("_bytes") || name === "bytes" || SIZES.includes(name)) return bytes(value);
  if (SHARES.includes(name)) return `${(value * 100).toFixed(0)} %`;
  if (name.endsWith("_seconds")) return value < 120 ? `${short(value)} s` : span(value * 1000);
  return name.endsWith("_ms") ? `${short(value)} ms` : short(value);
}

/** As many digits as tell something. */
const short = (value) => String(Number.isInteger(value) ? value : Number(value.toPrecision(3)));
