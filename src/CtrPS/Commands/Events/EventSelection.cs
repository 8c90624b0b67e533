using System.Management.Automation;
using System.Text;

namespace CtrPS.Commands;

/// <summary>
/// Which events a user means: as much as can be of it in containerd's own filters, so that the daemon sends no more, and all of it as a test here.
/// </summary>
/// <param name="Topics">Topics, with wildcards. None: all.</param>
/// <param name="Namespaces">Namespaces, with wildcards.</param>
/// <param name="NamespaceIsGiven">Whether the user named them.</param>
/// <param name="Containers">Containers, with wildcards. None: all, and what is no container's.</param>
/// <param name="Filters">containerd's filters. None: all.</param>
/// <param name="ExcludeExec">Leave out events of added processes.</param>
internal sealed record EventSelection(
    IReadOnlyList<string> Topics,
    IReadOnlyList<string> Namespaces,
    bool NamespaceIsGiven,
    IReadOnlyList<CtrContainerIdentity> Containers,
    IReadOnlyList<string> Filters,
    bool ExcludeExec)
{
    private const string ContainerTopics = "topic~=\"^/containers/\"";

    /// <summary>The topics of containerd (api/events, and where they are published).</summary>
    public static IReadOnlyList<string> KnownTopics { get; } =
    [
        "/containers/create", "/containers/delete", "/containers/update",
        "/content/create", "/content/delete",
        "/images/create", "/images/delete", "/images/update",
        "/namespaces/create", "/namespaces/delete", "/namespaces/update",
        "/sandboxes/create", "/sandboxes/exit", "/sandboxes/start",
        "/snapshot/commit", "/snapshot/prepare", "/snapshot/remove",
        "/tasks/checkpointed", "/tasks/create", "/tasks/delete", "/tasks/exec-added", "/tasks/exec-started",
        "/tasks/exit", "/tasks/oom", "/tasks/paused", "/tasks/resumed", "/tasks/start",
    ];

    /// <summary>Refuses what can match nothing.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidNamespace"/>; <see cref="CtrErrorIds.TargetConflict"/>.</exception>
    public void Check()
    {
        foreach (string name in Namespaces.Where(name => !WildcardPattern.ContainsWildcardCharacters(name)))
        {
            _ = CtrIdentifier.RequireNamespace(name);
        }

        foreach (CtrContainerIdentity container in Containers.Where(one => NamespaceIsGiven && one.Namespace is not null))
        {
            if (!Namespaces.Any(pattern => MatcherOf(pattern)(container.Namespace!)))
            {
                string given = string.Join("', '", Namespaces);
                throw new CtrException(
                    CtrErrorIds.TargetConflict, CtrStatus.InvalidArgument,
                    $"Container '{container.Id}' comes from the namespace '{container.Namespace}', but -Namespace says '{given}'.")
                {
                    RecommendedAction = "A piped object brings its own namespace: leave -Namespace out.",
                };
            }
        }
    }

    /// <summary>The query.</summary>
    /// <param name="namespace">The namespace to publish the proof of the subscription in.</param>
    public CtrEventQuery ToQuery(string @namespace)
    {
        // Where the topics have nothing to do with containers, none need be known.
        Func<string, bool>[] topics = [.. Topics.Select(topic => TopicMatcher(topic))];
        bool aboutContainers = topics.Length == 0
            || KnownTopics.Where(IsOfContainer).Any(known => topics.Any(matches => matches(known)));
        Func<string, bool>[] namespaces = [.. NamespacePatterns().Select(MatcherOf)];
        (string? Namespace, Func<string, bool> Id)[] containers = [.. Containers.Select(one => (one.Namespace, ContainerFinder.Matcher(one)))];
        bool InNamespace(string name) => Array.Exists(namespaces, matches => matches(name));
        return new CtrEventQuery
        {
            Namespace = @namespace,
            Filters = ServerFilters(aboutContainers),
            Resolve = aboutContainers ? InNamespace : null,
            Match = told => InNamespace(told.Namespace)
                && (topics.Length == 0 || Array.Exists(topics, matches => matches(told.Topic)))
                && (containers.Length == 0 || Array.Exists(containers, one => IsAbout(told, one.Namespace, one.Id)))
                && !(ExcludeExec && told.IsExec),
        };
    }

    private static bool IsOfContainer(string topic) =>
        topic.StartsWith("/tasks/", StringComparison.Ordinal) || topic.StartsWith("/containers/", StringComparison.Ordinal);

    private static bool IsAbout(CtrEvent told, string? @namespace, Func<string, bool> isId) =>
        told.ContainerId is { } id && (@namespace is null || @namespace == told.Namespace) && isId(id);

    /// <summary>Namespaces that were named, else those of the container objects and, for what brings none, the session's.</summary>
    private IEnumerable<string> NamespacePatterns() => NamespaceIsGiven || Containers.All(one => one.Namespace is null)
        ? Namespaces
        : Containers.SelectMany(one => one.Namespace is { } own ? [own] : Namespaces).Distinct();

    private List<string> ServerFilters(bool aboutContainers)
    {
        string[] namespaces = Terms(NamespacePatterns(), NamespaceTerm);
        string[] topics = Terms(Topics, TopicTerm);
        var filters = new List<string>();
        foreach (string given in Filters.Count > 0 ? Filters : [""])
        {
            foreach (string name in namespaces)
            {
                filters.AddRange(topics.Select(topic => string.Join(',', new[] { name, topic, given }.Where(term => term.Length > 0))));
            }
        }

        if (filters.Contains(""))
        {
            return [];
        }

        // With filters of the user's it cannot be told here which events they let through: then no others may come.
        return aboutContainers && Filters.Count == 0 ? [.. filters, ContainerTopics] : filters;
    }

    /// <summary>The terms for patterns; a single empty one where all may match.</summary>
    private static string[] Terms(IEnumerable<string> patterns, Func<string, string> term)
    {
        string[] terms = [.. patterns.Select(term)];
        return terms.Length == 0 || terms.Contains("") ? [""] : terms;
    }

    private static string NamespaceTerm(string pattern) => !WildcardPattern.ContainsWildcardCharacters(pattern)
        ? $"namespace==\"{pattern}\""
        : pattern == "*" || ToRegex(pattern) is not { } regex ? "" : $"namespace~=\"(?i)^{regex}$\"";

    /// <summary>The leading slash is left open: topics of sandboxes had none in some versions.</summary>
    private static string TopicTerm(string pattern) =>
        ToRegex(pattern.TrimStart('/')) is { } regex && pattern != "*" ? $"topic~=\"(?i)^/?{regex}$\"" : "";

    private static Func<string, bool> TopicMatcher(string pattern)
    {
        WildcardPattern wildcard = WildcardPattern.Get(pattern.TrimStart('/'), WildcardOptions.IgnoreCase);
        return topic => wildcard.IsMatch(topic.TrimStart('/'));
    }

    private static Func<string, bool> MatcherOf(string pattern)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(pattern))
        {
            return name => name == pattern;
        }

        WildcardPattern wildcard = WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase);
        return wildcard.IsMatch;
    }

    /// <summary>
    /// A wildcard pattern as a regular expression in a Go string. Null where it has more than * and ?, or what would need care in quotes.
    /// </summary>
    private static string? ToRegex(string pattern)
    {
        var regex = new StringBuilder();
        foreach (char c in pattern)
        {
            switch (c)
            {
                case '*':
                    _ = regex.Append(".*");
                    break;
                case '?':
                    _ = regex.Append('.');
                    break;
                case '.':
                    _ = regex.Append("[.]");
                    break;
                case '/' or '-' or '_' or (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9'):
                    _ = regex.Append(c);
                    break;
                default:
                    return null;
            }
        }

        return regex.ToString();
    }
}
