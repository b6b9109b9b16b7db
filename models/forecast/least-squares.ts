import { cell } from "./sequence.ts";

/**
 * Normal equations of a weighted least squares problem, collected row by row; solved by Cholesky with a small
 * ridge, so that columns which depend on each other share the weight instead of exploding.
 * Golub & Van Loan, Matrix Computations (4th ed.), sections 4.2 and 5.3; Hoerl & Kennard (1970), Technometrics 12.
 */
export interface NormalEquations {
  add(row: Float64Array, target: number, weight: number): void;
  /** The coefficients; the ridge is a share of each column's own sum of squares. */
  solve(ridge: number): Float64Array;
}

export function normalEquations(columns: number): NormalEquations {
  const gram = new Float64Array(columns * columns);
  const moments = new Float64Array(columns);
  return {
    add(row, target, weight) {
      for (let i = 0; i < columns; i++) {
        const scaled = cell(row, i) * weight;
        moments[i] = cell(moments, i) + scaled * target;
        for (let j = 0; j <= i; j++) {
          const place = i * columns + j;
          gram[place] = cell(gram, place) + scaled * cell(row, j);
        }
      }
    },
    solve(ridge) {
      return substitute(cholesky(gram, columns, ridge), moments);
    },
  };
}

/** Below this share of its column's square, a pivot is rounding error. */
const MIN_PIVOT_SHARE = 1e-12;

/** Lower triangle L with L·Lᵀ = gram + ridge; a column without information gets an infinite pivot, thus weight 0. */
function cholesky(gram: Float64Array, size: number, ridge: number): Float64Array {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = cell(gram, i * size + j);
      if (i === j) sum *= 1 + ridge;
      for (let k = 0; k < j; k++) sum -= cell(lower, i * size + k) * cell(lower, j * size + k);
      if (i === j) {
        const floor = cell(gram, i * size + i) * MIN_PIVOT_SHARE;
        lower[i * size + i] = sum > floor ? Math.sqrt(sum) : Number.POSITIVE_INFINITY;
      } else lower[i * size + j] = sum / cell(lower, j * size + j);
    }
  }
  return lower;
}

function substitute(lower: Float64Array, moments: Float64Array): Float64Array {
  const size = moments.length;
  const solution = Float64Array.from(moments);
  for (let i = 0; i < size; i++) {
    let sum = cell(solution, i);
    for (let k = 0; k < i; k++) sum -= cell(lower, i * size + k) * cell(solution, k);
    solution[i] = sum / cell(lower, i * size + i);
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = cell(solution, i);
    for (let k = i + 1; k < size; k++) {
      const factor = cell(lower, k * size + i);
      if (factor !== 0) sum -= factor * cell(solution, k);
    }
    solution[i] = sum / cell(lower, i * size + i);
  }
  return solution;
}
