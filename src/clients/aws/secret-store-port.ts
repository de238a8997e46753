/** AWS Secrets Manager: reading a secret's current value. */
export interface SecretStore {
  /**
   * @param id name or ARN; the region is the ARN's, else that of the process
   * @returns undefined when there is no such secret, or it has no text
   * @throws CodedError Throttled, Unavailable, Timeout, Forbidden
   */
  read(id: string, signal?: AbortSignal): Promise<string | undefined>;
}
