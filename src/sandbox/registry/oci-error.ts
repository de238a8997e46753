/** Error codes of the OCI distribution specification that this registry answers, each with its HTTP status. */
export const OCI_ERRORS = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 416,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  TAG_INVALID: 400,
  UNAVAILABLE: 503,
  UNSUPPORTED: 405,
} as const;

export type OciErrorCode = keyof typeof OCI_ERRORS;

/** A refusal in the registry's own words; the server turns it into `{"errors":[{code,message,detail}]}`. */
export class OciError extends Error {
  readonly code: OciErrorCode;
  readonly status: number;
  readonly detail: unknown;

  constructor(code: OciErrorCode, message: string, detail: unknown = {}) {
    super(message);
    this.code = code;
    this.status = OCI_ERRORS[code];
    this.detail = detail;
  }

  /** The response body the specification asks for. */
  body(): string {
    return JSON.stringify({ errors: [{ code: this.code, message: this.message, detail: this.detail }] });
  }
}
