/** The command line for one object's namespace: `kubectl -n shop describe pod web-1`. */
export const kubectl = (object: { readonly namespace?: string | null } | null | undefined, command: string): string =>
  `kubectl ${object?.namespace ? `-n ${object.namespace} ` : ''}${command}`;
