package value

import (
	"errors"
	"math"
	"math/big"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// decimal is a Decimal128 taken apart: coefficient × 10^exponent, or a special
// double (NaN, an infinity) when coefficient is nil.
type decimal struct {
	coefficient *big.Int
	exponent    int
	special     float64
	text        string
}

func decimalOf(b []byte) decimal {
	if len(b) < 16 {
		return decimal{special: math.NaN()}
	}
	d := bson.NewDecimal128(word(b[8:]), word(b))
	if sign := d.IsInf(); sign != 0 {
		return decimal{special: math.Inf(sign)}
	}
	coefficient, exponent, err := d.BigInt()
	if err != nil {
		return decimal{special: math.NaN()}
	}
	return decimal{coefficient: coefficient, exponent: exponent, text: d.String()}
}

func (d decimal) isZero() bool { return d.coefficient != nil && d.coefficient.Sign() == 0 }

// float returns the nearest double; a finite decimal beyond the doubles becomes an
// infinity.
func (d decimal) float() float64 {
	if d.coefficient == nil {
		return d.special
	}
	f, err := strconv.ParseFloat(d.text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return math.NaN()
	}
	return f
}

// int64 returns an integral decimal in range.
func (d decimal) int64() (int64, bool) {
	if d.coefficient == nil {
		return 0, false
	}
	// 10^19 is beyond int64, and 34 digits are all that a fraction can cancel.
	if d.isZero() {
		return 0, true
	}
	if d.exponent > 19 || d.exponent < -34 {
		return 0, false
	}
	n := new(big.Int).Set(d.coefficient)
	if d.exponent >= 0 {
		n.Mul(n, tenTo(d.exponent))
		return n.Int64(), n.IsInt64()
	}
	n, rest := n.QuoRem(n, tenTo(-d.exponent), new(big.Int))
	return n.Int64(), rest.Sign() == 0 && n.IsInt64()
}

// nearest returns the finite double next to a finite decimal and on which side of
// that double the decimal lies: -1 below, 0 exactly on it, 1 above.
func (d decimal) nearest() (float64, int) {
	f := d.float()
	sign := 0
	if d.coefficient != nil {
		sign = d.coefficient.Sign()
	}
	switch {
	case d.coefficient == nil:
		return f, 0
	case math.IsInf(f, 0):
		return math.Copysign(math.MaxFloat64, f), sign
	case f == 0:
		return 0, sign
	}
	return f, d.compareFloat(f)
}

// compareFloat compares a decimal with a finite double other than zero exactly, by
// bringing both to integers.
func (d decimal) compareFloat(f float64) int {
	fraction, exponent := math.Frexp(f)
	right := big.NewInt(int64(fraction * (1 << 53)))
	exponent -= 53
	left := new(big.Int).Set(d.coefficient)

	if d.exponent >= 0 {
		left.Mul(left, tenTo(d.exponent))
	} else {
		right.Mul(right, tenTo(-d.exponent))
	}
	if exponent >= 0 {
		right.Lsh(right, uint(exponent))
	} else {
		left.Lsh(left, uint(-exponent))
	}
	return left.Cmp(right)
}

func tenTo(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}
