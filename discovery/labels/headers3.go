package labels

import (
	"net/textproto"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// The headers middleware of Traefik 3, and the fields that its options name. Of all middlewares it has the most to say.

func headers3(o *options3, m *middleware3) {
	f := rules.Headers{Request: o.fields("customrequestheaders"), Response: o.fields("customresponseheaders"), Always: true}
	f.Security = rules.Security{
		AllowedHosts: o.list("allowedhosts"), HostsProxyHeaders: o.list("hostsproxyheaders"), SSLRedirect: o.boolean("sslredirect", false),
		SSLTemporaryRedirect: o.boolean("ssltemporaryredirect", false), SSLHost: o.fieldValue("sslhost"), SSLForceHost: o.boolean("sslforcehost", false),
		SSLProxyHeaders: o.fields("sslproxyheaders"), STSSeconds: o.number("stsseconds", 0, 0, 1<<40),
		STSIncludeSubdomains: o.boolean("stsincludesubdomains", false), STSPreload: o.boolean("stspreload", false),
		ForceSTSHeader: o.boolean("forcestsheader", false), FrameDeny: o.boolean("framedeny", false),
		CustomFrameOptionsValue: o.fieldValue("customframeoptionsvalue"), ContentTypeNosniff: o.boolean("contenttypenosniff", false),
		BrowserXSSFilter: o.boolean("browserxssfilter", false), CustomBrowserXSSValue: o.fieldValue("custombrowserxssvalue"),
		ContentSecurityPolicy: o.fieldValue("contentsecuritypolicy"), CSPReportOnly: o.fieldValue("contentsecuritypolicyreportonly"),
		PublicKey: o.fieldValue("publickey"), ReferrerPolicy: o.fieldValue("referrerpolicy"), PermissionsPolicy: o.fieldValue("permissionspolicy"),
		IsDevelopment: o.boolean("isdevelopment", false),
	}
	if o.under("allowedhosts") && len(f.Security.AllowedHosts) == 0 {
		o.bad(o.first("allowedhosts"), MissingOption, "no host is allowed, which would allow them all", "")
	}
	f.CORS = cors3(o)
	m.add(f)
}

func cors3(o *options3) *rules.CORS {
	if !o.under("accesscontrol") && !o.has("addvaryheader") {
		return nil
	}
	c := &rules.CORS{
		AllowCredentials: o.boolean("accesscontrolallowcredentials", false), AllowHeaders: o.list("accesscontrolallowheaders"),
		AllowMethods: o.list("accesscontrolallowmethods"), AllowOrigins: o.list("accesscontrolalloworiginlist"),
		ExposeHeaders: o.list("accesscontrolexposeheaders"), MaxAge: o.number("accesscontrolmaxage", 0, 0, 1<<40),
		AddVary: o.boolean("addvaryheader", false),
	}
	for _, expr := range o.list("accesscontrolalloworiginlistregex") {
		re, err := rules.CompileRegexp(expr)
		if err != nil {
			o.bad(o.first("accesscontrolalloworiginlistregex"), rules.BadRegexp, err.Error(), "")
			continue
		}
		c.AllowOriginsLike = append(c.AllowOriginsLike, re)
	}
	return c
}

// fields are the options below a name as fields that may be set. One that may not be spoils the middleware.
func (o *options3) fields(name string) []rules.Pair {
	pairs := o.table(name)
	for i, p := range pairs {
		p.Name = textproto.CanonicalMIMEHeaderKey(p.Name)
		if why := unsettable(p); why != "" && p.Name != "Host" { // Traefik 3 sets it
			o.bad(o.options[strings.ToLower(name+"."+pairs[i].Name)], BadPair, fieldName(p.Name)+" "+why, "")
		}
		pairs[i] = p
	}
	return pairs
}

// fieldValue is a text that becomes a field's value.
func (o *options3) fieldValue(name string) string {
	text := o.text(name)
	if strings.ContainsFunc(text, control) {
		o.bad(o.options[name], BadField, "the value holds a line break or another control character", "")
	}
	return text
}

// fieldName is the name of a field that is ours to set, or "".
func (o *options3) fieldName(name string) string {
	text := textproto.CanonicalMIMEHeaderKey(o.text(name))
	if text != "" && unsettable(rules.Pair{Name: text}) != "" {
		o.bad(o.options[name], BadField, "no name of a field that can be set", "")
	}
	return text
}
