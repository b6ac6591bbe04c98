/** What a visitor reads when there is nothing else to show. Plain, short, and without anything of the inside. */
function page(title: string, text: string): string {
  return [
    "<!doctype html><html lang=en><meta charset=utf-8>",
    "<meta name=viewport content=width=device-width>",
    `<title>${title}</title>`,
    "<style>body{font:1.1em/1.5 system-ui,sans-serif;max-width:34em;margin:15vh auto;padding:0 1em;color:#222}</style>",
    `<h1>${title}</h1><p>${text}</p>`,
  ].join("");
}

/** How HAProxy says what its own answers are. */
export const html = 'content-type "text/html; charset=utf-8"';

export const pages = {
  unknown: page(
    "No such site",
    "This name is not served here. If you have just set it up, check the spelling and try again in a minute.",
  ),
  unavailable: page(
    "This site is not available",
    "Nothing that could answer is running at the moment. Please try again in a minute.",
  ),
  badGateway: page(
    "This site gave no valid answer",
    "What runs behind this name broke off. Please try again in a minute.",
  ),
  timeout: page(
    "This site took too long",
    "What runs behind this name did not answer in time. Please try again in a minute.",
  ),
  tooMany: page("Too many requests", "More came from your address than is served. Please try again in ten seconds."),
  tooLarge: page("Too large", "What you sent is larger than what is taken here."),
} as const;

/** @param reason what the operator says, as a log-format expression of HAProxy */
export function maintenancePage(reason: string): string {
  const text = "It was taken out of service on purpose and will be back. Please try again in a few minutes.";
  return page("This site is being worked on", `${text}<p>${reason}`);
}
