namespace CtrPS;

/// <summary>Errors about containers that several places find by themselves.</summary>
internal static class ContainerFaults
{
    /// <summary>There is no such container.</summary>
    public static CtrException NoContainer(string @namespace, string id) =>
        new(CtrErrorIds.ContainerNotFound, CtrStatus.NotFound, $"There is no container '{id}' in namespace '{@namespace}'.")
        {
            Target = id,
        };

    /// <summary>The container has no task.</summary>
    public static CtrException NoTask(string @namespace, string id) =>
        new(CtrErrorIds.TaskNotFound, CtrStatus.NotFound, $"The container '{id}' in namespace '{@namespace}' has no task.")
        {
            Target = id,
            RecommendedAction = "It was never started, or its task was removed. Start it with Start-CtrTask.",
        };
}
