namespace CtrPS;

/// <summary>Something that needs a blob or a snapshot.</summary>
/// <param name="Words">What it is: <c>image 'docker.io/library/nginx:1'</c>.</param>
/// <param name="WayOut">What to do so that it needs it no longer, as a sentence.</param>
internal sealed record CtrDependent(string Words, string WayOut);
