/**
 * Names what is too new for the oldest browsers that a display may have: package.json has their versions, docs/tv.md
 * who has them. What script needs at run time tsc knows by its `lib`; what is neither is found by the tests in old engines.
 */
import css from "@eslint/css";
import compat from "eslint-plugin-compat";

/** Syntax of 2022, of which classes' fields are old enough, and of regular expressions. */
const TOO_NEW = {
  "StaticBlock": "a block of a class",
  "AwaitExpression:not(:function AwaitExpression)": "await outside of a function",
  "ForOfStatement[await=true]:not(:function ForOfStatement)": "await outside of a function",
  "BinaryExpression[operator='in'][left.type='PrivateIdentifier']": "#name in",
  "Literal[regex.flags=/[dv]/]": "a flag of a regular expression",
  "Literal[regex.pattern=/\\(\\?<[=!]/]": "a look behind in a regular expression",
};

/** Given by ui/older_browsers.js, or asked for before it is used. */
const GIVEN = ["Object.hasOwn", "navigator.wakeLock", "document.fullscreenElement", "document.fullscreenEnabled", "document.exitFullscreen", "SharedWorker"];

/**
 * What the rule takes for newer than 2020: the oldest browsers know it, or show the same without it but for an adornment,
 * or it is of dialogs, which the oldest Firefox and Safari lack.
 */
const OLD_ENOUGH = {
  allowAtRules: ["page"],
  allowProperties: [
    ...["accent-color", "color-scheme", "contain", "forced-color-adjust", "inset", "outline", "overscroll-behavior", "padding-block", "print-color-adjust", "tab-size", "user-select"],
  ],
  allowMediaConditions: ["forced-colors"], // who knows no such condition shows what it always showed
  allowPropertyValues: { "overflow-wrap": ["anywhere"] },
  allowSelectors: ["backdrop", "focus-visible"],
};

export default [
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["static/**/*.js"],
    plugins: { compat },
    settings: { polyfills: GIVEN },
    languageOptions: { ecmaVersion: 2022, sourceType: "module" },
    rules: {
      "compat/compat": "error",
      // The plugin does not know them.
      "no-restricted-properties": ["error", { object: "URL", property: "canParse" }, { object: "AbortSignal", property: "any" }],
      "no-restricted-syntax": ["error", ...Object.entries(TOO_NEW).map(([selector, message]) => ({ selector, message }))],
    },
  },
  {
    // These are loaded without ui/older_browsers.js.
    files: ["static/embed.js", "static/js/kiosk/load_guard.js"],
    languageOptions: { sourceType: "script" },
    settings: { polyfills: [] },
    rules: { "no-restricted-properties": ["error", { object: "URL", property: "canParse" }, { object: "AbortSignal" }] },
  },
  {
    files: ["static/css/*.css"],
    plugins: { css },
    language: "css/css",
    rules: {
      "css/use-baseline": ["error", { available: 2020, ...OLD_ENOUGH }],
    },
  },
  { ignores: ["static/vendor/"] },
];
