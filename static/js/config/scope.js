// @ts-check
/**
 * Event-name patterns that a page may show, in which `*` stands for any run of characters. The server enforces
 * them; a page that knows them does not ask for events that would be refused.
 */

/**
 * @param {string[] | null} patterns null: all names are covered
 * @returns {(name: string) => boolean}
 */
export function covering(patterns) {
  if (!patterns) return () => true;
  const parts = patterns.map((pattern) => pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*"));
  const expression = new RegExp(`^(?:${parts.join("|")})$`, "s");
  return (name) => expression.test(name);
}
