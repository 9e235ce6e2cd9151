package onlineretail

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/keelshop/commerce/money"
)

// The positions of the columns in a line.
const (
	colInvoice = iota
	colSKU
	colDescription
	colQuantity
	colTime
	colPrice
	colCustomer
	colCountry
	columnCount
)

// parser turns lines into rows. It remembers the last time it read, which most rows share with the one before.
type parser struct {
	fields   [columnCount]string
	timeText string
	at       time.Time
}

// row reads one line of the file.
func (p *parser) row(number int, line string) (Row, error) {
	if err := p.split(line); err != nil {
		err.Line = number
		return Row{}, err
	}
	row := Row{
		Number:      number - 1,
		Invoice:     p.fields[colInvoice],
		SKU:         p.fields[colSKU],
		Description: p.fields[colDescription],
		Customer:    p.fields[colCustomer],
		Country:     p.fields[colCountry],
	}
	if err := p.check(&row); err != nil {
		err.Line = number
		err.Value = shorten(err.Value)
		return Row{}, err
	}
	return row, nil
}

// check fills in the parsed fields and refuses a field that is not what its column holds.
func (p *parser) check(row *Row) *RowError {
	for i, field := range p.fields {
		if err := checkText(field); err != nil {
			err.Column = columnName(i)
			return err
		}
	}
	if !isInvoice(row.Invoice) {
		return bad(colInvoice, BadInvoice, row.Invoice, "want digits, or C or A and digits")
	}
	if strings.TrimSpace(row.SKU) != row.SKU || row.SKU == "" {
		return bad(colSKU, BadSKU, row.SKU, "want a code without spaces around it")
	}
	if row.Customer != "" && !isDigits(row.Customer) {
		return bad(colCustomer, BadCustomer, row.Customer, "want digits, or nothing for a guest")
	}
	if strings.TrimSpace(row.Country) == "" {
		return bad(colCountry, BadCountry, row.Country, "want the name of a country")
	}
	var err error
	if row.Quantity, err = parseQuantity(p.fields[colQuantity]); err != nil {
		return bad(colQuantity, BadQuantity, p.fields[colQuantity], err.Error())
	}
	if row.UnitPrice, row.SubPenny, err = parsePrice(p.fields[colPrice]); err != nil {
		return bad(colPrice, BadPrice, p.fields[colPrice], err.Error())
	}
	if row.At, err = p.parseTime(p.fields[colTime]); err != nil {
		return bad(colTime, BadTime, p.fields[colTime], err.Error())
	}
	return nil
}

func bad(column int, problem Problem, value, detail string) *RowError {
	return &RowError{Column: columnName(column), Problem: problem, Value: value, Detail: detail}
}

func columnName(i int) string { return strings.Split(columns, ",")[i] }

func checkText(field string) *RowError {
	if len(field) > MaxFieldBytes {
		return &RowError{Problem: FieldTooLong, Value: field, Detail: fmt.Sprintf("want at most %d bytes", MaxFieldBytes)}
	}
	for i := range len(field) {
		if field[i] < ' ' || field[i] == 0x7f {
			return &RowError{Problem: BadText, Value: field, Detail: "control characters are not text"}
		}
	}
	return nil
}

func isInvoice(s string) bool {
	if s != "" && (s[0] == cancellation || s[0] == correction) {
		s = s[1:]
	}
	return isDigits(s)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func parseQuantity(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < -MaxQuantity || n > MaxQuantity || s[0] == '+' {
		return 0, fmt.Errorf("want a whole number within ±%d", MaxQuantity)
	}
	return n, nil
}

// parsePrice reads a decimal number of pounds; cut says that a fraction of a penny was left out.
func parsePrice(s string) (price money.Amount, cut bool, err error) {
	price, cut, err = money.ParseDecimalRounded(s, Currency, money.Down)
	if err != nil || price.Minor() < -MaxUnitPricePence || price.Minor() > MaxUnitPricePence {
		return money.Amount{}, false, fmt.Errorf("want a decimal number such as 2.55, at most %s",
			money.New(MaxUnitPricePence, Currency).Decimal())
	}
	return price, cut, nil
}

// parseTime reads a wall-clock time. The file names no zone; it is taken as UTC.
func (p *parser) parseTime(s string) (time.Time, error) {
	if s == p.timeText && s != "" {
		return p.at, nil
	}
	at, err := time.Parse(time.DateTime, s)
	strict := at.Format(time.DateTime) == s // time.Parse alone lets 8:26:00 and 08:26:00.5 pass
	if err != nil || !strict || at.Unix() < 0 {
		return time.Time{}, fmt.Errorf("want a time such as 2010-12-01 08:26:00, not before 1970")
	}
	p.timeText, p.at = strings.Clone(s), at
	return at, nil
}

// split fills p.fields from one line, as RFC 4180 has it.
func (p *parser) split(line string) *RowError {
	count := 0
	for rest, more := line, true; more; count++ {
		var field string
		var ok bool
		if field, rest, more, ok = cutField(rest); !ok {
			return &RowError{Problem: BadQuotes, Value: shorten(line),
				Detail: "a quoted field must end on its line, and a quote inside one is doubled"}
		}
		if count < columnCount {
			p.fields[count] = field
		}
	}
	if count != columnCount {
		return &RowError{Problem: FieldCount, Value: shorten(line),
			Detail: fmt.Sprintf("the line has %d fields, want %d", count, columnCount)}
	}
	return nil
}

// cutField takes the first field off a line; more says that a comma followed it.
func cutField(line string) (field, rest string, more, ok bool) {
	if !strings.HasPrefix(line, `"`) {
		field, rest, more = strings.Cut(line, ",")
		return field, rest, more, !strings.Contains(field, `"`)
	}
	end := closingQuote(line)
	if end < 0 {
		return "", "", false, false
	}
	field, rest = strings.ReplaceAll(line[1:end], `""`, `"`), line[end+1:]
	if rest == "" {
		return field, "", false, true
	}
	return field, rest[1:], true, rest[0] == ','
}

// closingQuote returns the position of the quote that closes the field that opens line, or -1.
func closingQuote(line string) int {
	for i := 1; i < len(line); i++ {
		if line[i] != '"' {
			continue
		}
		if i+1 == len(line) || line[i+1] != '"' {
			return i
		}
		i++ // a doubled quote stands for one
	}
	return -1
}
