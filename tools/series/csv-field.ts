/** A field as RFC 4180 writes it: quoted where it would be read otherwise. */
export function csvField(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
