// @ts-check
/**
 * What a page may show: patterns of events' names, in which `*` stands for any run of characters.
 * The server holds everybody to it; a page that knows does not ask for what it would be refused.
 */

/**
 * @param {string[] | null} patterns null: all
 * @returns {(name: string) => boolean}
 */
export function covering(patterns) {
  if (!patterns) return () => true;
  const parts = patterns.map((pattern) => pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*"));
  const expression = new RegExp(`^(?:${parts.join("|")})$`, "s");
  return (name) => expression.test(name);
}
