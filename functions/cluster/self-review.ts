/** What a caller may ask a cluster about itself: who it is, and what it may do. */

/** https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/self-subject-review-v1/ (1.28 and newer) */
export interface IdentityReview {
  readonly apiVersion: 'authentication.k8s.io/v1';
  readonly kind: 'SelfSubjectReview';
}

/** https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/ */
export interface AccessReview {
  readonly apiVersion: 'authorization.k8s.io/v1';
  readonly kind: 'SelfSubjectAccessReview';
  readonly spec:
    | {
        readonly resourceAttributes: {
          readonly verb: string;
          readonly group: string;
          readonly resource: string;
          /** Absent: in all namespaces. */
          readonly namespace?: string;
        };
      }
    | { readonly nonResourceAttributes: { readonly verb: string; readonly path: string } };
}

export type SelfReview = IdentityReview | AccessReview;

const plurals = { SelfSubjectReview: 'selfsubjectreviews', SelfSubjectAccessReview: 'selfsubjectaccessreviews' } as const;

/** Where a review is sent to. */
export const reviewPath = ({ apiVersion, kind }: SelfReview): string => `/apis/${apiVersion}/${plurals[kind]}`;
