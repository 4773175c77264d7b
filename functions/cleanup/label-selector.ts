/** metav1.LabelSelector: LabelSelectorAsSelector of k8s.io/apimachinery pkg/apis/meta/v1/helpers.go, Matches of pkg/labels/selector.go. */
import type { V1LabelSelector } from '@kubernetes/client-node';
import type { Labels } from '../health-check/selected.ts';
import { listOf } from '../health-check/wire.ts';
import type { Wire } from '../scan/contracts.ts';

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;
type Operator = (typeof operators)[number];

/** One thing that labels have to fulfil; all of a selector have to be fulfilled. */
export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

const isText = (value: unknown): value is string => typeof value === 'string';
const operatorOf = (text: unknown): Operator | undefined => operators.find((operator) => operator === text);

/** What a Service's selector, a plain map, asks for. */
export const requirementsOfMap = (labels: Labels): readonly Requirement[] =>
  Object.entries(labels).map(([key, value]) => ({ key, operator: 'In', values: [value ?? ''] }));

/** What a selector asks for; an empty one asks for nothing and so selects everything. Undefined where any of it is not understood. */
export const requirementsOf = (selector: Wire<V1LabelSelector>): readonly Requirement[] | undefined => {
  const requirements = [...requirementsOfMap(selector.matchLabels ?? {})];
  for (const { key, operator: text, values } of listOf(selector.matchExpressions)) {
    const operator = operatorOf(text);
    const given = listOf(values);
    const wantsValues = operator === 'In' || operator === 'NotIn';
    if (!isText(key) || !operator || !given.every(isText) || wantsValues !== given.length > 0) return undefined;
    requirements.push({ key, operator, values: given });
  }
  return requirements.every(({ values }) => values.every(isText)) ? requirements : undefined;
};

/** Do the labels fulfil it? */
export const isFulfilled = ({ key, operator, values }: Requirement, labels: Labels): boolean => {
  const value = Object.hasOwn(labels, key) ? (labels[key] ?? '') : undefined;
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  const isListed = value !== undefined && values.includes(value);
  return operator === 'In' ? isListed : !isListed;
};
