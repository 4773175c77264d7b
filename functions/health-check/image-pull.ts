/** Why an image could not be pulled, from the runtime's message. */

interface Cause {
  readonly pattern: RegExp;
  readonly why: string;
  readonly advice: string;
}

// The order decides: a registry that limits or cannot be reached also says that the image was not found.
const causes: readonly Cause[] = [
  {
    pattern: /toomanyrequests|rate limit|\b429\b/i,
    why: 'the registry limits the rate of pulls',
    advice: 'pull with credentials, or from a mirror of your own',
  },
  { pattern: /x509|certificate/i, why: 'the registry’s certificate is not trusted', advice: 'give the node the registry’s CA' },
  {
    pattern: /time(d )?out|deadline exceeded|no such host|connection refused|connection reset|network is unreachable|no route to host/i,
    why: 'the registry cannot be reached',
    advice: 'check DNS, proxy and routes from the node to the registry',
  },
  {
    pattern: /no match for platform|no matching manifest/i,
    why: 'there is no image for this node’s architecture',
    advice: 'build it for the node’s architecture, or choose other nodes',
  },
  {
    pattern: /unauthorized|unauthorised|access denied|pull access|forbidden|authentication|no basic auth|\b40[13]\b/i,
    why: 'the registry refuses access, or does not have it',
    advice: 'check the image’s name and the pod’s imagePullSecrets',
  },
  {
    pattern: /not ?found|manifest unknown|does not exist|\b404\b/i,
    why: 'the registry does not have it',
    advice: 'check the image’s name and tag',
  },
];

/** `why` ends a sentence about the image; both are empty where the message tells nothing known. */
export const imagePullCause = (message: string | null | undefined): { readonly why: string; readonly advice: string } =>
  causes.find(({ pattern }) => pattern.test(message ?? '')) ?? { why: '', advice: '' };
