using System.Management.Automation;
using System.Runtime.CompilerServices;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Finds containers by what a user gave: a literal id or a wildcard pattern.</summary>
internal static class ContainerFinder
{
    /// <summary>Ids shown at most in a hint.</summary>
    private const int MaxHints = 3;

    /// <summary>Whether a pattern is meant. The id of an object is none.</summary>
    public static bool IsPattern(CtrContainerIdentity identity) => !identity.IsObject && WildcardPattern.ContainsWildcardCharacters(identity.Id);

    /// <summary>A test for ids.</summary>
    public static Func<string, bool> Matcher(CtrContainerIdentity identity)
    {
        if (!IsPattern(identity))
        {
            return id => id == identity.Id;
        }

        WildcardPattern wildcard = WildcardPattern.Get(identity.Id, WildcardOptions.IgnoreCase);
        return wildcard.IsMatch;
    }

    /// <summary>
    /// All containers in a namespace that an identity means, as they are now. A pattern may mean none; a literal id that means none is an error.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ContainerNotFound"/>, with where it is instead.</exception>
    public static async IAsyncEnumerable<CtrContainer> FindAsync(
        ICtrConnection connection, string @namespace, CtrContainerIdentity identity, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (IsPattern(identity))
        {
            var query = new CtrContainerQuery { Namespace = @namespace, Match = Matcher(identity) };
            await foreach (CtrContainer container in connection.Containers.ListAsync(query, cancellationToken).ConfigureAwait(false))
            {
                yield return container;
            }
        }
        else
        {
            yield return await connection.Containers.FindAsync(@namespace, identity.Id, cancellationToken).ConfigureAwait(false)
                ?? throw await NotFoundAsync(connection, [@namespace], identity.Id, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The same in several namespaces: a literal id that is in none of them is an error.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ContainerNotFound"/>, with where it is instead.</exception>
    public static async IAsyncEnumerable<CtrContainer> FindInAsync(
        ICtrConnection connection,
        IReadOnlyList<string> namespaces,
        CtrContainerIdentity identity,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        bool isFound = IsPattern(identity);
        foreach (string name in namespaces)
        {
            if (IsPattern(identity))
            {
                await foreach (CtrContainer container in FindAsync(connection, name, identity, cancellationToken).ConfigureAwait(false))
                {
                    yield return container;
                }
            }
            else if (await connection.Containers.FindAsync(name, identity.Id, cancellationToken).ConfigureAwait(false) is { } container)
            {
                isFound = true;
                yield return container;
            }
        }

        if (!isFound)
        {
            throw await NotFoundAsync(connection, namespaces, identity.Id, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The error for an id that is in none of the namespaces: it says where the container is, or which ids are near.</summary>
    public static async Task<CtrException> NotFoundAsync(
        ICtrConnection connection, IReadOnlyCollection<string> namespaces, string id, CancellationToken cancellationToken)
    {
        var elsewhere = new List<string>();
        IReadOnlyList<CtrNamespace> all = await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false);
        foreach (string other in all.Select(one => one.Name).Except(namespaces))
        {
            if (await connection.Containers.FindAsync(other, id, cancellationToken).ConfigureAwait(false) is not null)
            {
                elsewhere.Add(other);
            }
        }

        string where = namespaces.Count == 1
            ? $"namespace '{namespaces.First()}'"
            : $"the namespaces {string.Join(", ", namespaces.Select(one => $"'{one}'"))}";
        (string hint, string action) = elsewhere.Count > 0
            ? ($" It exists in {string.Join(", ", elsewhere.Select(one => $"'{one}'"))}.", $"Use -Namespace {elsewhere[0]}.")
            : await HintAsync(connection, namespaces.Union(all.Select(one => one.Name)), id, cancellationToken).ConfigureAwait(false);
        return new CtrException(CtrErrorIds.ContainerNotFound, CtrStatus.NotFound, $"There is no container '{id}' in {where}.{hint}")
        {
            Target = id,
            RecommendedAction = action,
        };
    }

    private static async Task<(string Hint, string Action)> HintAsync(
        ICtrConnection connection, IEnumerable<string> namespaces, string id, CancellationToken cancellationToken)
    {
        var containers = new List<CtrContainer>();
        foreach (string one in namespaces)
        {
            await foreach (CtrContainer container in connection.Containers.ListAsync(
                new CtrContainerQuery { Namespace = one }, cancellationToken).ConfigureAwait(false))
            {
                containers.Add(container);
            }
        }

        IReadOnlyList<CtrContainer> near = NearNames.Of(id, containers, container => [container.Id]);
        return near.Count == 0
            ? ("", "List the containers with Get-CtrContainer -Namespace *.")
            : ($" Did you mean {string.Join(", ", near.Take(MaxHints).Select(one => $"'{one.Id}' in '{one.Namespace}'"))}?",
                "Look at the id once more; Get-CtrContainer -Namespace * lists the containers.");
    }
}
