using System.Management.Automation;
using CtrPS.Client;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Find-CtrImage: tags of a repository, repositories of a registry, and what Docker Hub finds.</summary>
[Cmdlet(VerbsCommon.Find, "CtrImage", DefaultParameterSetName = TagSet)]
[OutputType(typeof(CtrRemoteTag), ParameterSetName = [TagSet])]
[OutputType(typeof(CtrRemoteRepository), ParameterSetName = [RegistrySet, SearchSet])]
public sealed class FindCtrImageCommand : CtrRegistryOptionsCmdlet
{
    private const string TagSet = "Tag";
    private const string RegistrySet = "Registry";
    private const string SearchSet = "Search";

    /// <summary>Repositories, with a pattern for their tags; with -Registry patterns for its repositories.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = TagSet,
        HelpMessage = "Repositories, with a pattern for their tags: nginx, nginx:1.*.")]
    [Parameter(Position = 0, ParameterSetName = RegistrySet, HelpMessage = "Names of repositories. Wildcards are allowed.")]
    [Alias("Name", "Reference")]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Image { get; set; } = [];

    /// <summary>The registry whose repositories are wanted.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RegistrySet, HelpMessage = "The registry whose repositories are wanted.")]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    [ValidateNotNullOrEmpty]
    public string Registry { get; set; } = "";

    /// <summary>Words to search Docker Hub for.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SearchSet, HelpMessage = "Words to search Docker Hub for.")]
    [ValidateNotNullOrEmpty]
    public string Search { get; set; } = "";

    /// <summary>The newest version first.</summary>
    [Parameter(ParameterSetName = TagSet, HelpMessage = "The newest version first. Default: last.")]
    public SwitchParameter Descending { get; set; }

    /// <summary>In the registry's own order, as they come.</summary>
    [Parameter(ParameterSetName = TagSet, HelpMessage = "In the registry's own order, page by page as they come.")]
    public SwitchParameter Unsorted { get; set; }

    /// <summary>How many at most, of each repository, registry or search.</summary>
    [Parameter(HelpMessage = "How many at most, of each repository, registry or search. What is sorted is read whole before.")]
    [ValidateRange(1, int.MaxValue)]
    public int First { get; set; } = int.MaxValue;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Descending && Unsorted)
        {
            OrEnd(() => throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "-Descending and -Unsorted contradict each other: give one of them."));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case RegistrySet:
                Guard(Registry, ListRepositories);
                break;
            case SearchSet:
                Guard(Search, () => Write(Pull(token => Remote.SearchAsync(Search, Registries, address: null, token))));
                break;
            default:
                foreach (string image in Image)
                {
                    Guard(image, () => ListTags(image));
                }

                break;
        }
    }

    private void ListRepositories()
    {
        string registry = Connector.RegistryHosts.RegistryOf(Registry);
        WildcardPattern[] patterns = [.. Image.Select(text => WildcardPattern.Get(text, WildcardOptions.IgnoreCase))];
        bool found = false;
        Write(Pull(token => Remote.RepositoriesAsync(registry, Registries, token)).Where(one =>
        {
            bool isMatch = patterns.Length == 0 || patterns.Any(pattern => pattern.IsMatch(one.Repository) || pattern.IsMatch(one.Name));
            found |= isMatch;
            return isMatch;
        }));
        if (!found && Image.Length > 0 && !Image.Any(WildcardPattern.ContainsWildcardCharacters))
        {
            throw NotFound($"The registry '{registry}' lists no repository '{string.Join("', '", Image)}'.", registry);
        }
    }

    private void ListTags(string image)
    {
        (CtrImageReference repository, string? wanted) = Split(image);
        IEnumerable<CtrRemoteTag> tags = Pull(token => Remote.TagsAsync(repository, Registries, token));
        if (wanted is not null)
        {
            var pattern = WildcardPattern.Get(wanted, WildcardOptions.IgnoreCase);
            tags = tags.Where(tag => pattern.IsMatch(tag.Tag));
        }

        if (!Unsorted)
        {
            tags = Descending ? tags.OrderByDescending(tag => tag.Tag, TagOrder.Instance) : tags.OrderBy(tag => tag.Tag, TagOrder.Instance);
        }

        if (Write(tags) == 0 && wanted is not null && !WildcardPattern.ContainsWildcardCharacters(wanted))
        {
            throw NotFound($"The repository '{repository.Registry}/{repository.Repository}' has no tag '{wanted}'.", image);
        }
    }

    /// <summary>The repository, and the pattern for its tags. Pattern null: all.</summary>
    private static (CtrImageReference Repository, string? Pattern) Split(string image)
    {
        // No official image of Docker Hub has such a name, and who types one means the registry.
        string word = image.TrimEnd('/');
        if (!word.Contains('/', StringComparison.Ordinal) && word.Split(':')[0] is var host
            && (host.Contains('.', StringComparison.Ordinal) || host == "localhost") && !WildcardPattern.ContainsWildcardCharacters(word))
        {
            throw new CtrException(
                CtrErrorIds.InvalidReference, CtrStatus.InvalidArgument, $"'{image}' names a registry, and no repository of it.")
            {
                Target = image,
                RecommendedAction = $"List its repositories with Find-CtrImage -Registry {word}, or name one: {word}/team/app.",
            };
        }

        int colon = image.LastIndexOf(':');
        bool hasTag = colon > image.LastIndexOf('/');
        string name = hasTag ? image[..colon] : image;
        return WildcardPattern.ContainsWildcardCharacters(name) || name.Contains('@', StringComparison.Ordinal)
            ? throw new CtrException(
                CtrErrorIds.InvalidReference,
                CtrStatus.InvalidArgument,
                $"'{image}' names no repository: wildcards are for its tags, and a digest has none.")
            {
                Target = image,
                RecommendedAction = "For repositories give -Registry: Find-CtrImage -Registry registry.example.com 'team/*'.",
            }
            : (CtrImageReference.Parse(name), hasTag ? image[(colon + 1)..] : null);
    }

    private int Write<T>(IEnumerable<T> found)
    {
        int count = 0;
        foreach (T one in found.Take(First))
        {
            WriteObject(one);
            count++;
        }

        return count;
    }

    private static CtrException NotFound(string message, string target) =>
        new(CtrErrorIds.RemoteImageNotFound, CtrStatus.NotFound, message) { Target = target };
}
