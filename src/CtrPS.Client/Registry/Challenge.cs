using System.Net.Http.Headers;

namespace CtrPS.Client.Registry;

/// <summary>How a host wants to be told who asks (RFC 9110, 11.6.1).</summary>
/// <param name="Scheme">In lower case: <c>bearer</c>, <c>basic</c>.</param>
/// <param name="Parameters">By name in lower case.</param>
internal sealed record Challenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    public string? this[string name] => Parameters.GetValueOrDefault(name);

    /// <summary>The challenge of an answer that we can meet: Bearer before Basic. Null where there is none.</summary>
    public static Challenge? Choose(HttpResponseHeaders headers)
    {
        List<Challenge> all = headers.TryGetValues("WWW-Authenticate", out IEnumerable<string>? values) ? [.. values.SelectMany(Parse)] : [];
        return all.FirstOrDefault(one => one.Scheme == "bearer" && one["realm"] is not null) ?? all.FirstOrDefault(one => one.Scheme == "basic");
    }

    /// <summary>
    /// The challenges of a header's value, which may hold several: a word that no '=' follows begins one. What cannot be read ends the reading.
    /// </summary>
    public static IEnumerable<Challenge> Parse(string value)
    {
        int at = 0;
        while (Word(value, ref at) is { Length: > 0 } scheme)
        {
            var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
            while (true)
            {
                int back = at;
                Skip(value, ref at, ',');
                if (Word(value, ref at) is not { Length: > 0 } name)
                {
                    break;
                }

                Skip(value, ref at, ' ');
                if (at >= value.Length || value[at] != '=')
                {
                    at = back; // the next challenge's scheme
                    Skip(value, ref at, ',');
                    break;
                }

                at++;
                Skip(value, ref at, ' ');
                parameters[name.ToLowerInvariant()] = at < value.Length && value[at] == '"' ? Quoted(value, ref at) : Word(value, ref at);
            }

            yield return new Challenge(scheme.ToLowerInvariant(), parameters);
        }
    }

    private static void Skip(string text, ref int at, char one)
    {
        while (at < text.Length && (text[at] == one || char.IsWhiteSpace(text[at])))
        {
            at++;
        }
    }

    private static string Word(string text, ref int at)
    {
        Skip(text, ref at, ' ');
        int start = at;
        while (at < text.Length && text[at] is not ('=' or ',' or '"') && !char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        return text[start..at];
    }

    private static string Quoted(string text, ref int at)
    {
        var value = new System.Text.StringBuilder();
        for (at++; at < text.Length && text[at] != '"'; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length)
            {
                at++;
            }

            _ = value.Append(text[at]);
        }

        at = Math.Min(at + 1, text.Length);
        return value.ToString();
    }
}
