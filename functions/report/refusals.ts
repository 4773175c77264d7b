/** What an AWS service's refusal means for whoever has to mend it. */

/** By what name and message say; the first that fits. SNS's codes: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors */
const remedies: readonly (readonly [RegExp, string])[] = [
  [/KMS\S*Disabled/i, 'the key is disabled: aws kms enable-key --key-id KEY, or give the bucket or topic another key'],
  [/KMS\S*InvalidState|pending deletion/i, 'the key is being deleted: aws kms cancel-key-deletion --key-id KEY, then aws kms enable-key'],
  [/KMS\S*NotFound/i, 'the key is gone: give the bucket or topic another key'],
  [/KMS\S*OptIn/i, 'the account has not opted in to KMS in this region'],
  [/KMS\S*Throttl/i, 'KMS had too many requests: ask for a higher quota if it happens often'],
  [
    /KMS\S*AccessDenied|AccessDenied.*\bkms:|not authorized.*\bkms:/is,
    'allow kms:GenerateDataKey and kms:Decrypt to the function’s role, in the key’s policy and in the role’s',
  ],
  [
    /AccessDenied|AuthorizationError|Forbidden/i,
    'allow the action to the function’s role, and look at the policy of the bucket, topic or bus',
  ],
  [/NoSuchBucket/, 'the bucket is gone: deploy again'],
  [/^NotFound/, 'the topic is gone: deploy again, or correct notify in nightshift.yaml'],
  [/SlowDown|Throttl|TooManyRequests/i, 'too many requests: it was tried several times'],
  [
    /Timeout|ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|socket hang up/i,
    'it was not reached: in a VPC it needs an endpoint of the service, or a way out',
  ],
];

/** `Name: message`, and what to do about it where that is known. */
export const refusal = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const said = `${error.name}: ${error.message}`;
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
  const remedy = remedies.find(([pattern]) => pattern.test(said + code))?.[1];
  return remedy === undefined ? said : `${said} (${remedy})`;
};
