/** The lab can't do what it was asked; the message says what would help. */
export class LabError extends Error {
  readonly code = "LAB";
}
